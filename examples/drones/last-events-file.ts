import type { Context, Logger } from "allium";
import { SharedFile } from "../bank/shared-file.ts";
import type { DroneEvents, LastEvents } from "./last-events.ts";

const tables = `
	CREATE TABLE IF NOT EXISTS drones (
		drone_id TEXT PRIMARY KEY,
		place TEXT NOT NULL,
		events INTEGER NOT NULL,
		telemetry TEXT,
		alert TEXT,
		position TEXT
	) STRICT;
`;

/** Keeps the last events in a SQLite file that processors and query handlers share. */
export class LastEventsFile implements LastEvents, Disposable {
	readonly #file: SharedFile;

	private constructor(file: SharedFile) {
		this.#file = file;
	}

	/** Opens a file. It is made if there is none. */
	static async open(path: string, logger: Logger, ctx: Context): Promise<LastEventsFile> {
		return new LastEventsFile(await SharedFile.open(path, { name: "the last events", tables, logger }, ctx));
	}

	async keep<K extends keyof DroneEvents>(
		kind: K,
		event: DroneEvents[K],
		place: string,
		ctx: Context,
	): Promise<void> {
		const sql = `
			INSERT INTO drones (drone_id, place, events, ${kind}) VALUES (?, ?, 1, ?)
			ON CONFLICT DO UPDATE SET place = excluded.place, events = events + 1, ${kind} = excluded.${kind}
			WHERE excluded.place > place
		`;
		const text = JSON.stringify(event);
		await this.#file.write((database) => database.prepare(sql).run(event.drone_id, place, text), ctx);
	}

	last<K extends keyof DroneEvents>(kind: K, droneId: string): DroneEvents[K] | undefined {
		const text = this.#row(droneId)?.[kind];
		return typeof text === "string" ? JSON.parse(text) : undefined;
	}

	count(droneId: string): number {
		return Number(this.#row(droneId)?.events ?? 0);
	}

	[Symbol.dispose](): void {
		this.#file[Symbol.dispose]();
	}

	#row(droneId: string) {
		return this.#file.database.prepare("SELECT * FROM drones WHERE drone_id = ?").get(droneId);
	}
}
