import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import type { Context, Logger } from "allium";

/** How long to wait while another process writes, in milliseconds. */
const pauseMs = 5;
/** After this many waits, another process holds the file for longer than a write takes. */
const manyWaits = 20;
/** The error code of SQLite in that case. */
const busy = 5;

/** The description of a file. */
export interface SharedFileOptions {
	/** The name of the file, for the log: `the ledger`. */
	readonly name: string;
	/** Makes its tables, where they are missing. */
	readonly tables: string;
	readonly logger: Logger;
}

/** A SQLite file that several processes may share. */
export class SharedFile implements Disposable {
	/** For reading, and for writing within {@link write}. */
	readonly database: DatabaseSync;
	readonly #options: SharedFileOptions;

	private constructor(database: DatabaseSync, options: SharedFileOptions) {
		this.database = database;
		this.#options = options;
	}

	/** Opens a file. It is made if there is none. */
	static async open(path: string, options: SharedFileOptions, ctx: Context): Promise<SharedFile> {
		// No busy timeout: SQLite would block the whole process while it waits.
		const file = new SharedFile(new DatabaseSync(path, { timeout: 0 }), options);
		await file.#whenFree(() => file.database.exec("PRAGMA journal_mode = WAL"), ctx);
		await file.write((database) => database.exec(options.tables), ctx);
		return file;
	}

	/** Runs as the only writer, all or nothing. Gives up if the context ends before its turn comes. */
	write<T>(run: (database: DatabaseSync) => T, ctx: Context): Promise<T> {
		return this.#whenFree(() => this.#transaction(run), ctx);
	}

	[Symbol.dispose](): void {
		this.database.close();
	}

	#transaction<T>(run: (database: DatabaseSync) => T): T {
		const { database } = this;
		database.exec("BEGIN IMMEDIATE");
		try {
			const result = run(database);
			database.exec("COMMIT");
			return result;
		} catch (error) {
			if (database.isTransaction) database.exec("ROLLBACK");
			throw error;
		}
	}

	/** Runs an action, and repeats it while another process holds the file. */
	async #whenFree<T>(action: () => T, ctx: Context): Promise<T> {
		for (let waits = 0; ; waits++) {
			if (ctx.error !== undefined) throw ctx.error;
			try {
				return action();
			} catch (error) {
				if (!isBusy(error)) throw error;
			}
			const { name, logger } = this.#options;
			if (waits === manyWaits) logger.log("warn", `another process holds ${name}`);
			await setTimeout(pauseMs, undefined, { signal: ctx.signal });
		}
	}
}

function isBusy(error: unknown): boolean {
	return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === busy;
}
