import { Context, type ServiceError, toServiceError } from "@allium/core";
import { Backoff, sleep } from "@allium/core/transport";
import type { ConsulServer } from "./consul-server.ts";

/** The bound of the first delay before Consul is asked again after it failed, in milliseconds. */
const firstBackoffMs = 50;

/** The shortest pause between two queries, in milliseconds. Changes within it come together. */
const pauseMs = 10;
/** The pause when the answer has no news and comes at once, in milliseconds. Consul does not do that. */
const noNewsPauseMs = 1_000;
/**
 * How much Consul is asked for in a millisecond, in UTF-16 code units: where thousands of instances come and go, each
 * change brings all of them, which costs Consul more than the process that reads them.
 */
const unitsPerMs = 10_000;
const longestPauseMs = 2_000;

/**
 * How long an answer may take until it begins, in milliseconds. Each failure doubles it: who gives up and asks again
 * makes Consul work for both.
 */
const patience = { shortestMs: 5_000, longestMs: 20_000 };

/** Receives the results of a query. */
export interface QueryListener {
	/** The part of the catalog is this now. `isAfterLoss` where changes before it may have been missed. */
	answered(body: unknown, isAfterLoss: boolean): void;
	failed(error: ServiceError): void;
}

/**
 * Follows a part of the catalog by Consul's blocking queries: each waits until the part differs from the last answer.
 * After a failure it begins again, with backoff.
 */
export class BlockingQuery {
	readonly #server: ConsulServer;
	readonly #path: string;
	readonly #listener: QueryListener;
	readonly #backoff: Backoff;
	#cancel: () => void = () => {};
	#patienceMs = patience.shortestMs;

	/** @param longestBackoffMs the longest delay after a failure, in milliseconds. */
	constructor(server: ConsulServer, path: string, longestBackoffMs: number, listener: QueryListener) {
		this.#server = server;
		this.#path = path;
		this.#listener = listener;
		this.#backoff = new Backoff({ firstMs: firstBackoffMs, longestMs: longestBackoffMs });
	}

	/** Begins, or begins again without the known data. */
	start(): void {
		this.stop();
		const { ctx, cancel } = Context.background().withCancel();
		this.#cancel = cancel;
		void this.#run(ctx);
	}

	stop(): void {
		this.#cancel();
	}

	async #run(ctx: Context): Promise<void> {
		let index = 0;
		while (ctx.error === undefined) {
			let pause: number;
			try {
				const asked = performance.now();
				const answer = await this.#server.query(this.#path, index, ctx, this.#patienceMs);
				// The index goes back when the servers of Consul were set up again, or restored.
				const isBehind = answer.index < index;
				const hasNews = answer.index !== index || index === 0;
				if (hasNews) this.#listener.answered(answer.body(), isBehind);
				pause = hasNews ? pauseAfter(answer.length) : pauseWithoutNews(performance.now() - asked);
				index = isBehind ? 0 : answer.index;
				this.#backoff.reset();
				this.#patienceMs = patience.shortestMs;
			} catch (error) {
				if (ctx.error !== undefined) return;
				this.#listener.failed(toServiceError(error));
				index = 0;
				this.#patienceMs = Math.min(patience.longestMs, 2 * this.#patienceMs);
				pause = this.#backoff.next();
			}
			await sleep(pause, ctx).catch(() => {});
		}
	}
}

function pauseAfter(length: number): number {
	return Math.min(longestPauseMs, Math.max(pauseMs, length / unitsPerMs));
}

function pauseWithoutNews(waitedMs: number): number {
	return Math.max(pauseMs, noNewsPauseMs - waitedMs);
}
