import type { Context } from "@allium/core";
import { sleep } from "@allium/core/transport";
import type { Database } from "./database.ts";

/** The most events that one run places, so that others see the first of many soon. */
const mostInRun = 1_000;
/** How often it is looked whether another process has placed what is waited for, in milliseconds. */
const lookEveryMs = 5;

/** Gives events their positions after their commit. What is asked for while a run is under way shares the next one. */
export class Sequencer {
	readonly #database: Database;
	#running: Promise<void> | undefined;
	#next: Promise<void> | undefined;

	constructor(database: Database) {
		this.#database = database;
	}

	/**
	 * Places what is committed now, unless another process is just doing so: that one looks again when it is done.
	 * Rejects when the database fails.
	 */
	run(): Promise<void> {
		if (this.#running === undefined) return this.#begin();
		this.#next ??= this.#behind(this.#running);
		return this.#next;
	}

	/** Resolves once all that is committed now has its position, whoever gave it. */
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

	async #behind(running: Promise<void>): Promise<void> {
		await running.catch(() => {});
		this.#next = undefined;
		await this.run();
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
			const [run] = await this.#database.query<{ placed: number }>("SELECT sequence_pending($1) AS placed", [
				mostInRun,
			]);
			if (run === undefined || run.placed === -1) return;
			// Others may have looked for the lock in vain while this one had it, so it looks once more without it.
			const [pending] = await this.#database.query("SELECT FROM pending LIMIT 1", []);
			if (pending === undefined) return;
		}
	}
}
