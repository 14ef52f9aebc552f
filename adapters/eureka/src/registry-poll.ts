import type { ServerView, ViewSource } from "@allium/backend";
import { Context, toServiceError } from "@allium/core";
import { Backoff, sleep } from "@allium/core/transport";
import type { EurekaServers, Listed } from "./eureka-servers.ts";
import { KnownInstances } from "./known-instances.ts";

/** The bound of the first delay before Eureka is asked again after it failed, in milliseconds. */
const firstBackoffMs = 50;
const longestBackoffMs = 5_000;

/** Eureka tells the changes of three minutes. After a longer pause, all is asked for, in milliseconds. */
const longestGapMs = 120_000;

/**
 * How much Eureka is asked for in a millisecond, in UTF-16 code units: where thousands of instances come and go, the
 * changes are asked for less often.
 */
const unitsPerMs = 10_000;
const longestPauseMs = 2_000;

/** How Eureka is asked. */
export interface RegistryPollOptions {
	/** The namespace of the process, to which foreign instances count, too. */
	readonly namespace: string;
	/** The time to live of registrations, in milliseconds. */
	readonly ttlMs: number;
	/** The time between two questions, in milliseconds. */
	readonly pollMs: number;
}

/**
 * Keeps a view equal to the instances in Eureka by requesting changes at intervals. It requests all instances if the
 * known ones do not have the server's hash afterwards, if another server answers, and after a failure. In these cases
 * changes may have been missed, so an instance that is missing from the answer stays for a time to live.
 */
export class RegistryPoll implements ViewSource {
	readonly #servers: EurekaServers;
	readonly #shown: ServerView;
	readonly #options: RegistryPollOptions;
	readonly #known: KnownInstances;
	readonly #backoff: Backoff;
	/** The last answer. Undefined if all instances have to be requested. */
	#last: Listed | undefined;
	#lastAt = 0;
	#cancel: () => void = () => {};
	/** Ends the pause between two questions. */
	#wake: () => void = () => {};
	/** Resolves when the view shows the answer to the last request. */
	#refreshed: PromiseWithResolvers<void> | undefined;

	constructor(servers: EurekaServers, shown: ServerView, options: RegistryPollOptions) {
		this.#servers = servers;
		this.#shown = shown;
		this.#options = options;
		this.#known = new KnownInstances(options.namespace);
		const longestMs = Math.min(longestBackoffMs, options.ttlMs / 6);
		this.#backoff = new Backoff({ firstMs: firstBackoffMs, longestMs });
	}

	start(): void {
		const { ctx, cancel } = Context.background().withCancel();
		this.#cancel = cancel;
		this.#last = undefined;
		this.#shown.start();
		void this.#run(ctx);
	}

	stop(): void {
		this.#cancel();
		this.#endRefresh(this.#refreshed);
	}

	/**
	 * Asks now, and resolves when the view shows it. So a process finds its own changes as soon as they are made. While
	 * nobody watches, or Eureka is away, it does nothing.
	 */
	async refresh(): Promise<void> {
		if (!this.#shown.view.ready || this.#shown.isLost) return;
		this.#refreshed ??= Promise.withResolvers();
		this.#wake();
		await this.#refreshed.promise;
	}

	async #run(ctx: Context): Promise<void> {
		while (ctx.error === undefined) {
			const refreshed = this.#refreshed;
			this.#refreshed = undefined;
			let pauseMs: number;
			try {
				const length = await this.#ask(ctx);
				this.#backoff.reset();
				pauseMs = Math.max(this.#options.pollMs, Math.min(longestPauseMs, length / unitsPerMs));
			} catch (error) {
				if (ctx.error === undefined) {
					this.#last = undefined;
					this.#shown.failed(toServiceError(error));
				}
				pauseMs = this.#backoff.next();
			}
			this.#endRefresh(refreshed);
			// If the watch ended meanwhile, the pause belongs to the next watch.
			if (this.#refreshed === undefined && ctx.error === undefined) await this.#pause(pauseMs, ctx);
		}
	}

	async #pause(milliseconds: number, ctx: Context): Promise<void> {
		const { ctx: pausing, cancel } = ctx.withCancel();
		this.#wake = cancel;
		await sleep(milliseconds, pausing).catch(() => {});
		cancel();
	}

	/** Requests the data that is needed, and shows it. Resolves to the length of the answers. */
	async #ask(ctx: Context): Promise<number> {
		const changes = await this.#changes(ctx);
		// Watchers that stopped meanwhile want nothing any more.
		if (ctx.error !== undefined) return 0;
		if (changes !== undefined) this.#known.apply(changes);
		if (changes !== undefined && this.#known.hash === changes.hash) {
			this.#show(changes, 0);
			return changes.length;
		}
		if (this.#last !== undefined) this.#shown.lose();
		const all = await this.#servers.all(ctx);
		if (ctx.error !== undefined) return 0;
		const { longestMs } = this.#known;
		this.#known.replace(all);
		this.#show(all, longestMs);
		return all.length + (changes?.length ?? 0);
	}

	/** The changes since the last answer; undefined where they would not do. */
	async #changes(ctx: Context): Promise<Listed | undefined> {
		const last = this.#last;
		if (last === undefined || performance.now() - this.#lastAt > longestGapMs) return undefined;
		const changes = await this.#servers.changes(last.version, ctx);
		return changes?.origin === last.origin ? changes : undefined;
	}

	/** @param longestMs how long a process may take to register again, in milliseconds. */
	#show(listed: Listed, longestMs: number): void {
		this.#last = { ...listed, instances: [] };
		this.#lastAt = performance.now();
		this.#shown.show(this.#known.records(), undefined, Math.max(this.#options.ttlMs, longestMs));
	}

	#endRefresh(refreshed: PromiseWithResolvers<void> | undefined): void {
		refreshed?.resolve();
		if (refreshed === this.#refreshed) this.#refreshed = undefined;
	}
}
