import { every, type Timer } from "@allium/core/transport";
import type { Database } from "./database.ts";

/** How often topics are looked through for events that are to go, in milliseconds. */
const lookEveryMs = 10_000;
/** How many events of a lane one statement removes at most, so that it is short. */
const mostOfLane = 500;

/** Removes events that topics need no longer keep. One process does it at a time. */
export class Retention {
	readonly #database: Database;
	readonly #topics = new Set<number>();
	#timer: Timer | undefined;
	#isRunning = false;

	constructor(database: Database) {
		this.#database = database;
	}

	/** Looks after a topic from now on. */
	keep(topic: number): void {
		this.#topics.add(topic);
		this.#timer ??= every(lookEveryMs, () => void this.run());
	}

	close(): void {
		this.#topics.clear();
		this.#timer?.stop();
	}

	async run(): Promise<void> {
		if (this.#isRunning) return;
		this.#isRunning = true;
		try {
			for (const topic of this.#topics) while (await this.#forget(topic));
		} catch {
			// The database is away; it is tried again the next time.
		} finally {
			this.#isRunning = false;
		}
	}

	/** Whether there may be more to remove. */
	async #forget(topic: number): Promise<boolean> {
		const [row] = await this.#database.query<{ gone: number }>("SELECT forget_oldest($1, $2) AS gone", [
			topic,
			mostOfLane,
		]);
		return row !== undefined && row.gone > 0 && this.#topics.has(topic);
	}
}
