import { Context, errorText } from "@allium/core";
import type { Cursor } from "@allium/core/event";
import type { ViewBuildReport, ViewReport, ViewVersionId } from "@allium/core/store";
import { Backoff, sleep, uuidv7 } from "@allium/core/transport";
import { BuildRunner } from "./build-runner.ts";
import type { RunningView, ViewHost, ViewStatus } from "./view.ts";
import type { ViewBatch, ViewWork } from "./view-work.ts";

/** A version of a view that this process runs. */
export interface ViewRunnerOptions {
	readonly id: ViewVersionId;
	readonly host: ViewHost;
	readonly topics: readonly string[];
	readonly shape: string;
	/** The tables, in the SQL of a database; undefined for documents. */
	readonly tables?: (dialect: "sqlite" | "postgres") => string;
	readonly batch: (work: ViewWork) => ViewBatch;
}

interface RunningBuild {
	readonly runner: BuildRunner;
	readonly stop: () => Promise<void>;
}

/** How often it looks which builds there are, in milliseconds. */
const lookMs = 250;

/** Runs a version of a view: the build that is read, and a build that is under way. Other builds stay as they are. */
export class ViewRunner implements RunningView {
	readonly name: string;
	readonly #options: ViewRunnerOptions;
	readonly #member = uuidv7();
	readonly #builds = new Map<number, RunningBuild>();
	#dialect: "sqlite" | "postgres" | undefined;
	#stop: (() => void) | undefined;
	#running: Promise<void> = Promise.resolve();
	#trouble: string | undefined;

	constructor(options: ViewRunnerOptions) {
		this.#options = options;
		this.name = `${options.id.name}.${options.id.version}`;
	}

	async start(ctx: Context): Promise<void> {
		const { host, topics } = this.#options;
		for (const topic of topics) await host.open(topic, ctx);
		await this.#open(ctx);
		const { ctx: running, cancel } = Context.background().withCancel();
		this.#stop = cancel;
		this.#running = this.#run(running);
	}

	async stop(): Promise<void> {
		this.#stop?.();
		await this.#running;
		await Promise.all(Array.from(this.#builds.values(), ({ stop }) => stop()));
		this.#builds.clear();
	}

	async status(ctx: Context): Promise<ViewStatus> {
		const { host, id } = this.#options;
		const report = await host.store.report(id, ctx);
		const build = report?.builds.find(({ build }) => build === report.live) ?? report?.builds.at(-1);
		const own = build === undefined ? undefined : this.#builds.get(build.build)?.runner.trouble;
		const trouble = this.#trouble ?? own ?? build?.trouble;
		return {
			isBuilt: report?.live !== undefined,
			...(build !== undefined && { parked: build.parked, ...(await this.#lag(build, ctx)) }),
			...(trouble !== undefined && { trouble }),
		};
	}

	async #lag(
		{ places }: ViewBuildReport,
		ctx: Context,
	): Promise<{ readonly lag: number; readonly lagSeconds: number } | undefined> {
		const { host, topics } = this.#options;
		let [lag, since] = [0, Number.POSITIVE_INFINITY];
		for (const name of topics) {
			const { topic } = await host.open(name, ctx);
			const known = places.get(name) ?? new Map<number, Cursor>();
			const cursors = new Map([...(await topic.at("start", ctx)), ...known]);
			for (const behind of (await topic.behind(cursors, ctx)).values()) {
				lag += behind.events;
				since = Math.min(since, behind.since ?? since);
			}
		}
		return { lag, lagSeconds: lag === 0 ? 0 : Math.max(0, Date.now() - since) / 1_000 };
	}

	async #open(ctx: Context): Promise<ViewReport> {
		const { host, id, shape, tables, topics } = this.#options;
		const { sql } = await host.store.features(ctx);
		this.#dialect = sql;
		const { owner } = host;
		return host.store.open({ ...id, shape, tables: tables?.(sql ?? "sqlite"), owner, topics }, ctx);
	}

	/** Follows which builds there are. Never rejects. */
	async #run(ctx: Context): Promise<void> {
		const { host, id } = this.#options;
		const backoff = new Backoff({ firstMs: 100, longestMs: 5_000 });
		while (ctx.error === undefined) {
			try {
				// A version that was dropped is made again.
				const report = (await host.store.report(id, ctx)) ?? (await this.#open(ctx));
				this.#adjust(report, ctx);
				this.#trouble = undefined;
				backoff.reset();
				await this.#changed(ctx);
			} catch (error) {
				if (ctx.error !== undefined) return;
				this.#trouble = errorText(error);
				await sleep(backoff.next(), ctx).catch(() => {});
			}
		}
	}

	async #changed(ctx: Context): Promise<void> {
		// Every batch is a change: a look at each of them would cost more than the batch.
		await sleep(lookMs, ctx);
	}

	#adjust({ live = 0, builds }: ViewReport, ctx: Context): void {
		const wanted = new Set(builds.map(({ build }) => build).filter((build) => build >= live));
		for (const [build, { stop }] of this.#builds) {
			if (wanted.has(build)) continue;
			this.#builds.delete(build);
			void stop();
		}
		for (const build of wanted)
			if (!this.#builds.has(build)) this.#builds.set(build, this.#begin(build, ctx));
	}

	#begin(build: number, ctx: Context): RunningBuild {
		const { id, host, topics, batch } = this.#options;
		const { ctx: own, cancel } = ctx.withCancel();
		const runner = new BuildRunner({
			id: { ...id, build },
			host,
			topics,
			member: this.#member,
			dialect: this.#dialect,
			batch,
			ctx: own,
		});
		const running = runner.run();
		return {
			runner,
			stop: async () => {
				cancel();
				await running;
			},
		};
	}
}
