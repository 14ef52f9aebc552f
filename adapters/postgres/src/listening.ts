import { after, afterSilence, Backoff, type Timer } from "@allium/core/transport";
import type { ConnectionPool } from "./connection-pool.ts";

/** How often the connection is asked whether it is still there, in milliseconds, and how long it may take to answer. */
const askEveryMs = 10_000;
const reconnectBounds = { firstMs: 50, longestMs: 2_000, jitter: 0.5 };

/** Options of {@link Listening}. */
export interface ListeningOptions {
	connect(options: { notified(payload: string): void; lost(): void }): ConnectionPool;
	heard(payload: string): void;
	/** It listens, perhaps after an outage. */
	back(): void;
}

/** The one connection of a process that listens to a channel. It is made again whenever it is lost. */
export class Listening {
	readonly #channel: string;
	readonly #options: ListeningOptions;
	readonly #backoff = new Backoff(reconnectBounds);
	#pool: ConnectionPool | undefined;
	/** The next question, or the next attempt. */
	#timer: Timer | undefined;
	#isClosed = false;

	constructor(channel: string, options: ListeningOptions) {
		this.#channel = channel;
		this.#options = options;
		this.#connect();
	}

	/** Replaces the connection by a new one. */
	again(): void {
		this.#drop();
		this.#connect();
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#drop();
	}

	#connect(): void {
		if (this.#isClosed) return;
		const pool = this.#options.connect({
			notified: (payload) => this.#options.heard(payload),
			lost: () => this.#lost(pool),
		});
		this.#pool = pool;
		pool.run(`LISTEN ${this.#channel}`, []).then(
			() => {
				if (this.#pool !== pool) return;
				this.#backoff.reset();
				this.#options.back();
				this.#ask(pool);
			},
			() => this.#lost(pool),
		);
		this.#expectAnswer(pool);
	}

	/** A silent connection is given up. */
	#expectAnswer(pool: ConnectionPool): void {
		this.#timer?.stop();
		this.#timer = afterSilence(askEveryMs, () => this.#lost(pool));
	}

	#ask(pool: ConnectionPool): void {
		this.#timer?.stop();
		this.#timer = after(askEveryMs, () => {
			this.#expectAnswer(pool);
			pool.run("SELECT 1", []).then(
				() => {
					if (this.#pool === pool) this.#ask(pool);
				},
				() => this.#lost(pool),
			);
		});
	}

	#lost(pool: ConnectionPool): void {
		if (this.#pool !== pool) return;
		this.#drop();
		this.#timer = after(this.#backoff.next(), () => this.#connect());
	}

	#drop(): void {
		const pool = this.#pool;
		this.#pool = undefined;
		this.#timer?.stop();
		pool?.end();
	}
}
