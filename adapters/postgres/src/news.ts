import type { Context } from "@allium/core";
import { every, type Timer } from "@allium/core/transport";
import type { Database } from "./database.ts";
import type { Sequencer } from "./sequencer.ts";
import { viewsSchema } from "./view-schema.ts";

/** How often it looks for changes without a notification, in milliseconds, while somebody waits. */
const lookEveryMs = 200;
/** The number of these looks after which it looks for changes of groups. */
const looksForGroups = 4;

const logSql = "SELECT position, EXISTS (SELECT FROM pending) AS pending FROM counter";
const groupsSql = "SELECT 'g' || id AS name, revision FROM groups";
/** A build that changes is another version of its row. */
function viewsSql(schema: string): string {
	return `
SELECT 'v' || name || '.' || version AS name, string_agg(id || ':' || xmin, ' ' ORDER BY id) AS revision
FROM ${viewsSchema(schema)}.builds GROUP BY name, version`;
}

/** A revision for each watched name. It changes with each change of the thing that has the name. */
type Revisions = ReadonlyMap<string, string>;

/**
 * Waits for changes of topics (`t` and a number), of groups (`g` and a number) and of views (`vboard.1`): by the
 * notifications of PostgreSQL, and by looking from time to time, because notifications are lost with their connection,
 * and an appender may die before its events have positions.
 */
export class News {
	readonly #database: Database;
	readonly #sequencer: Sequencer;
	#timer: Timer | undefined;
	#looks = 0;
	#isLooking = false;
	#position = "";
	#groups: Revisions = new Map();
	#views: Revisions = new Map();

	constructor(database: Database, sequencer: Sequencer) {
		this.#database = database;
		this.#sequencer = sequencer;
	}

	/** Resolves with the next change. Rejects when the context ends before. */
	async wait(name: string, ctx: Context): Promise<void> {
		this.#timer ??= every(lookEveryMs, () => void this.#look());
		await this.#database.notifications.wait(name, ctx);
	}

	close(): void {
		this.#timer?.stop();
		this.#timer = undefined;
	}

	async #look(): Promise<void> {
		const awaited = this.#database.notifications.awaited;
		if (awaited.length === 0) return this.close();
		if (this.#isLooking) return;
		this.#isLooking = true;
		try {
			if (awaited.some((name) => name.startsWith("t"))) await this.#lookAtLog();
			if (this.#looks++ % looksForGroups === 0 && awaited.some((name) => name.startsWith("g"))) {
				this.#groups = await this.#tellChanged(groupsSql, this.#groups);
			}
			if (awaited.some((name) => name.startsWith("v"))) {
				this.#views = await this.#tellChanged(viewsSql(this.#database.schema), this.#views);
			}
		} catch {
			// The database is away. The waiters learn it from their next operation.
			this.#database.notifications.tellAll();
		} finally {
			this.#isLooking = false;
		}
	}

	async #lookAtLog(): Promise<void> {
		const [row] = await this.#database.query<{ position: string; pending: boolean }>(logSql, []);
		if (row?.pending === true) await this.#sequencer.run();
		if (row === undefined || row.position === this.#position) return;
		this.#position = row.position;
		const { notifications } = this.#database;
		for (const name of notifications.awaited) if (name.startsWith("t")) notifications.tell(name);
	}

	async #tellChanged(sql: string, before: Revisions): Promise<Revisions> {
		const rows = await this.#database.query<{ name: string; revision: string }>(sql, []);
		const now: Revisions = new Map(rows.map(({ name, revision }) => [name, revision]));
		const { notifications } = this.#database;
		for (const name of new Set([...before.keys(), ...now.keys()])) {
			if (before.get(name) !== now.get(name)) notifications.tell(name);
		}
		return now;
	}
}
