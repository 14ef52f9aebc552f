import type { Context } from "@allium/core";
import { after, Backoff, sleep } from "@allium/core/transport";
import type { Database } from "./database.ts";
import { PendingVacuum } from "./pending-vacuum.ts";

/** The most events that one run places, so that others see the first of many soon. */
const mostInRun = 1_000;
/** The longest rest after a run, in milliseconds. Events that are committed meanwhile are placed together. */
const longestRestMs = 20;
/** The rest after runs in vain, in milliseconds: of many processes that append, few try while one is at it. */
const vainBounds = { firstMs: 20, longestMs: 100, jitter: 0.5 };
/** How often it looks whether another process has placed the awaited events, in milliseconds. */
const lookEveryMs = 5;

/** Gives events their positions after their commit. Requests that come while a run is under way share the next one. */
export class Sequencer {
	readonly #database: Database;
	readonly #vacuum: PendingVacuum;
	#running: Promise<void> | undefined;
	#next: Promise<void> | undefined;
	/** When the next run may begin, so that placing takes half of the time at most. */
	#restsUntil = 0;
	readonly #vain = new Backoff(vainBounds);

	constructor(database: Database) {
		this.#database = database;
		this.#vacuum = new PendingVacuum(database);
	}

	/**
	 * Places the events that are committed now, unless another process is just doing so, which looks again when it is
	 * done. Rejects when the database fails.
	 */
	run(): Promise<void> {
		const isResting = performance.now() < this.#restsUntil;
		if (this.#running === undefined && !isResting) return this.#begin();
		this.#next ??= this.#behind(this.#running);
		return this.#next;
	}

	/** Resolves once all events that are committed now have their positions, regardless of the process that gave them. */
	async settled(ctx: Context): Promise<void> {
		const [last] = await this.#database.query<{ seq: string | null }>(
			"SELECT max(seq) AS seq FROM pending",
			[],
			ctx,
		);
		const seq = last?.seq ?? null;
		while (seq !== null) {
			await this.run();
			const [pending] = await this.#database.query("SELECT FROM pending WHERE seq <= $1 LIMIT 1", [seq], ctx);
			if (pending === undefined) return;
			await sleep(lookEveryMs, ctx);
		}
	}

	async #behind(running: Promise<void> | undefined): Promise<void> {
		await running?.catch(() => {});
		await new Promise<void>((resolve) => after(this.#restsUntil - performance.now(), resolve));
		this.#next = undefined;
		await (this.#running ?? this.#begin());
	}

	#begin(): Promise<void> {
		const running = this.#place().finally(() => {
			if (this.#running === running) this.#running = undefined;
		});
		this.#running = running;
		return running;
	}

	async #place(): Promise<void> {
		for (;;) {
			const began = performance.now();
			const [run] = await this.#database.query<{ placed: number }>("SELECT sequence_pending($1) AS placed", [
				mostInRun,
			]);
			if (run === undefined || run.placed === -1) return this.#rest(this.#vain.next());
			// Others may have looked for the lock in vain while this one had it, so it looks once more without it.
			const [pending] = await this.#database.query("SELECT FROM pending LIMIT 1", []);
			this.#vain.reset();
			if (run.placed > 0) void this.#vacuum.run();
			if (pending === undefined) return this.#rest(Math.min(longestRestMs, performance.now() - began));
		}
	}

	#rest(milliseconds: number): void {
		this.#restsUntil = performance.now() + milliseconds;
	}
}
