import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "@allium/sqlite";
import { Context, type Logger } from "allium";
import { SharedFile } from "../bank/shared-file.ts";
import type { Booking } from "./services/bookings/contract.ts";
import type { EventCreated, Location } from "./services/events/contract.ts";

const tables = `
	CREATE TABLE IF NOT EXISTS facts (
		kind TEXT NOT NULL,
		id TEXT NOT NULL,
		body TEXT NOT NULL,
		PRIMARY KEY (kind, id)
	) STRICT;
`;

/** The facts that a service keeps, by kind. Each has an id, and never changes. */
export interface Kinds {
	readonly event: EventCreated;
	readonly location: Location;
	readonly booking: Booking;
}

/**
 * The facts that a service knows: its own copy, in a SQLite file that its instances share. Facts come from the broker,
 * perhaps twice. The second time changes nothing.
 */
export class Facts implements Disposable {
	readonly #file: SharedFile;

	private constructor(file: SharedFile) {
		this.#file = file;
	}

	/** Opens the file of a service, in the folder that `MYEVENTS_FOLDER` names, or else beside the registry of this machine. */
	static async open(service: string, logger: Logger): Promise<Facts> {
		const folder = process.env.MYEVENTS_FOLDER || join(dataFolder("sqlite:"), "myevents");
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		const options = { name: `the facts of ${service}`, tables, logger };
		const ctx = Context.background().withTimeout(60_000);
		return new Facts(await SharedFile.open(join(folder, `${service}.db`), options, ctx));
	}

	async keep<K extends keyof Kinds>(kind: K, fact: Kinds[K], ctx: Context): Promise<void> {
		const sql = "INSERT OR IGNORE INTO facts VALUES (?, ?, ?)";
		const text = JSON.stringify(fact);
		await this.#file.write((database) => database.prepare(sql).run(kind, fact.id, text), ctx);
	}

	/** All facts of a kind, or those with a property of this value, in the order in which they became known. */
	list<K extends keyof Kinds>(kind: K, property?: keyof Kinds[K] & string, value?: string): Kinds[K][] {
		const where = property === undefined ? "kind = ?" : "kind = ? AND body ->> ? = ?";
		const select = this.#file.database.prepare(`SELECT body FROM facts WHERE ${where} ORDER BY rowid`);
		const rows = property === undefined ? select.all(kind) : select.all(kind, property, value ?? null);
		return rows.map(({ body }) => JSON.parse(String(body)));
	}

	/** Undefined if there is none. */
	find<K extends keyof Kinds>(kind: K, id: string): Kinds[K] | undefined {
		const select = this.#file.database.prepare("SELECT body FROM facts WHERE kind = ? AND id = ?");
		const row = select.get(kind, id);
		return row === undefined ? undefined : JSON.parse(String(row.body));
	}

	[Symbol.dispose](): void {
		this.#file[Symbol.dispose]();
	}
}
