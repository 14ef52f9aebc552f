import { Context, silentLogger } from "@allium/core";
import type { TopicLog } from "@allium/core/event";
import type { ViewStore, ViewVersionId } from "@allium/core/store";
import type { ViewHost } from "@allium/events";
import { eventually, pause } from "../suite/eventually.ts";
import { chainFaults } from "./chain-faults.ts";
import { type CrashViews, crashLanes, crashViews, type ViewCrashModule } from "./crash-views.ts";
import { happenedEvents } from "./happened.ts";
import { ViewCrashWorkers } from "./view-crash-workers.ts";

/** The options of `viewCrashCycles`. */
export interface ViewCrashOptions {
	/** The module that exports `eventStore(url, options)` and `viewStore(url)`, by `import.meta.resolve("./index.ts")`. */
	readonly module: string;
	readonly url: string;
	/** How often a process is killed, or suspended for longer than its time to live. */
	readonly cycles: number;
	/** The time to live of the processes, in milliseconds. Default: 600. */
	readonly ttlMs?: number;
	/** How many processes there are. Default: 3. */
	readonly workers?: number;
	/** The harm that is done to the processes. Default: both, at random. */
	readonly harm?: "kill" | "suspend" | "both";
	/** How long to wait for progress, in milliseconds, before the run is over. Default: 120,000. */
	readonly patienceMs?: number;
	/** Ends the run early, after the cycle in hand. The report covers the cycles so far. Default: no early end. */
	readonly signal?: AbortSignal | undefined;
	/** Called with a line about the progress of the run. Default: no reports. */
	readonly progress?: (line: string) => void;
}

/** The result of `viewCrashCycles`. */
export interface ViewCrashReport {
	/** How many cycles ran: fewer than `cycles` of the options if the run was ended early. */
	readonly cycles: number;
	readonly kills: number;
	readonly suspensions: number;
	/** How often a view was rebuilt from its first event during the run. */
	readonly rebuilds: number;
	/** How often readers were put back to an earlier build. */
	readonly switches: number;
	readonly events: number;
	/**
	 * The faults that were found, one sentence each: events that a build left out, took twice or in another order, and
	 * reads that went back.
	 */
	readonly faults: readonly string[];
	/** The processes' warnings about views that stopped. */
	readonly warnings: readonly string[];
}

const background = Context.background();

/** How far the publisher may be ahead of the views, in events. */
const farthest = 1_000;
/** The pause between calls, in milliseconds. It leaves the machine time for the workers. */
const publishEveryMs = 20;
const defaultPatienceMs = 120_000;
/** The longest pause before a worker is harmed, in milliseconds. */
const longestPauseMs = 200;

/**
 * Kills and suspends processes that project views, also while the views are rebuilt and readers change over. Finds out
 * whether each build has each event of its log once, in order.
 *
 * @throws Error when the views make no progress any more.
 */
export async function viewCrashCycles(options: ViewCrashOptions): Promise<ViewCrashReport> {
	const { module, url } = options;
	const adapter: ViewCrashModule = await import(module);
	const events = await adapter.eventStore(url, {});
	const store = await adapter.viewStore(url);
	try {
		const topic = await events.log.open(
			`crash-${Date.now().toString(36)}`,
			{ lanes: crashLanes },
			background,
		);
		return await new ViewCrashRun(options, topic, store).run();
	} finally {
		await store.close();
		await events.close();
	}
}

class ViewCrashRun {
	readonly #options: ViewCrashOptions;
	readonly #topic: TopicLog;
	readonly #store: ViewStore;
	readonly #views: CrashViews;
	readonly #totals: readonly ViewTotal[];
	readonly #counts = { cycles: 0, kills: 0, suspensions: 0, rebuilds: 0, switches: 0 };
	#events = 0;
	/** How many events all views had at the last look. */
	#seen = 0;

	constructor(options: ViewCrashOptions, topic: TopicLog, store: ViewStore) {
		this.#options = options;
		this.#topic = topic;
		this.#store = store;
		this.#views = crashViews(topic.topic);
		const host: ViewHost = { store, logger: silentLogger, open: async () => ({ topic }) };
		this.#totals = totalsOf(this.#views, host);
	}

	async run(): Promise<ViewCrashReport> {
		const {
			module,
			url,
			cycles,
			workers: size = 3,
			ttlMs = 600,
			signal,
			progress = () => {},
		} = this.#options;
		await using workers = new ViewCrashWorkers([module, url, this.#topic.topic, String(ttlMs)]);
		await Promise.all(Array.from({ length: size }, () => workers.start()));
		const { ctx, cancel } = background.withCancel();
		const publishing = this.#publish(ctx);
		try {
			for (let cycle = 1; cycle <= cycles && !signal?.aborted; cycle++) {
				await this.#cycle(cycle, workers);
				this.#counts.cycles = cycle;
				if (cycle % 10 === 0)
					progress(`cycle ${cycle} of ${cycles}: ${this.#events} events, ${this.#counts.rebuilds} rebuilds`);
			}
		} finally {
			cancel();
			await publishing;
		}
		await this.#caughtUp();
		await workers.stop();
		const found = await Promise.all(this.#ids.map((id) => chainFaults(this.#store, id, this.#topic)));
		const faults = [...this.#totals.flatMap(({ faults }) => faults), ...found.flat()];
		return { ...this.#counts, events: this.#events, faults, warnings: workers.warnings };
	}

	get #patienceMs(): number {
		return this.#options.patienceMs ?? defaultPatienceMs;
	}

	get #ids(): readonly ViewVersionId[] {
		return Object.values(this.#views).map(({ name, version }) => ({ name, version }));
	}

	/** Publishes under the same ids until they are acknowledged, so that the order of a key stays. */
	async #publish(ctx: Context): Promise<void> {
		for (let round = 0; ctx.error === undefined; round++) {
			const events = happenedEvents(this.#topic.topic, round);
			await eventually(() => this.#topic.append(events, background.withTimeout(5_000)), {
				patienceMs: this.#patienceMs,
			});
			this.#events += events.length;
			do await pause(publishEveryMs);
			while (ctx.error === undefined && this.#events - this.#seen > farthest);
		}
	}

	/** Harms one worker, and waits until the views have made progress. */
	async #cycle(cycle: number, workers: ViewCrashWorkers): Promise<void> {
		const { harm = "both", ttlMs = 600 } = this.#options;
		await workers.work(2);
		if (cycle % 3 === 0) await this.#rebuild();
		else if (cycle % 7 === 0) await this.#switchBack();
		await pause(Math.random() * longestPauseMs);
		const { victim } = workers;
		if (harm === "kill" || (harm === "both" && Math.random() < 0.7)) {
			await workers.kill(victim);
			this.#counts.kills++;
			await workers.work(1);
		} else {
			await workers.suspend(() => pause((1.2 + Math.random()) * ttlMs), victim);
			this.#counts.suspensions++;
		}
		await this.#caughtUp();
	}

	async #rebuild(): Promise<void> {
		const [id] = this.#ids.filter(() => Math.random() < 0.5).concat(this.#ids);
		if (id === undefined) return;
		await eventually(() => this.#store.rebuild(id, background), { patienceMs: this.#patienceMs });
		this.#counts.rebuilds++;
	}

	/** Makes readers use the oldest build of a view that can be read. */
	async #switchBack(): Promise<void> {
		for (const id of this.#ids) {
			const report = await this.#store.report(id, background);
			const [oldest] = report?.builds.filter(({ isBuilt }) => isBuilt) ?? [];
			if (oldest === undefined || oldest.build === report?.live) continue;
			await this.#store.switch({ ...id, build: oldest.build }, background);
			this.#counts.switches++;
		}
	}

	/** Waits until all views have the events that are published now. Reads the views meanwhile. */
	async #caughtUp(): Promise<void> {
		const events = this.#events;
		const ends = await this.#topic.at("now", background);
		await eventually(
			async () => {
				for (const { read } of this.#totals) await read();
				for (const id of this.#ids) {
					const report = await this.#store.report(id, background);
					const live = report?.builds.find(({ build }) => build === report.live);
					const places = live?.places.get(this.#topic.topic);
					const isBehind = [...ends].some(([lane, end]) => (places?.get(lane) ?? "") < end);
					if (isBehind) throw new Error(`the view ${id.name} does not go on`);
				}
			},
			{ patienceMs: this.#patienceMs, intervalMs: 20 },
		);
		this.#seen = events;
	}
}

/** How many events readers see in a view. */
interface ViewTotal {
	/** Sentences about reads that saw less than an earlier read. */
	readonly faults: string[];
	readonly read: () => Promise<void>;
}

function totalsOf({ rows, documents }: CrashViews, host: ViewHost): readonly ViewTotal[] {
	const [table, chains] = [rows["~allium"].read(host), documents["~allium"].read(host)];
	return [
		total(rows.name, async (ctx) => {
			const [row] = await table.query(ctx)<{ sum: number | null }>`
				SELECT CAST(sum(length) AS INTEGER) AS sum FROM chains`;
			return row?.sum ?? 0;
		}),
		total(documents.name, async (ctx) => {
			const { items } = await chains.find({ limit: 1_000 }, ctx);
			return items.reduce((sum, { document }) => sum + document.length, 0);
		}),
	];
}

function total(name: string, read: (ctx: Context) => Promise<number>): ViewTotal {
	let seen = 0;
	const faults: string[] = [];
	return {
		faults,
		async read() {
			const now = await read(background.withTimeout(5_000));
			if (now < seen) faults.push(`a read of ${name} had ${now} events, and one before had ${seen}`);
			seen = Math.max(seen, now);
		},
	};
}
