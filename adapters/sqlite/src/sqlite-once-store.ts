import { join } from "node:path";
import type { Context, OnceAttempt, OnceRecord, OnceStore } from "@allium/core";
import { checkDuration } from "@allium/core/transport";
import { dataFolder } from "./data-folder.ts";
import { DatabaseFile, defaultBusyLimitMs } from "./database-file.ts";
import { type OnceTables, onceSchema } from "./once-tables.ts";
import { WriteQueue } from "./write-queue.ts";

/** The options of a store of `once` in SQLite. */
export interface SqliteOnceStoreOptions {
	/**
	 * The folder from which relative paths and the search for the default folder begin. Default: the current folder.
	 */
	readonly cwd?: string;
	/** How long an operation is retried while others hold the file, in milliseconds. Default: 5000. */
	readonly busyLimitMs?: number;
}

/**
 * The store of `once` for all processes of one machine: the file `once.db` in the folder that the URL names (see
 * `dataFolder`). Kept outcomes survive a power cut.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form. The operations reject with `failed_precondition`
 * when the folder or the file cannot be used, and with `unavailable` when the disk is full or other
 * processes held the file for too long.
 * @example
 * app.serve(Payments, payments, { middleware: [once({ store: onceStore("sqlite:") })] });
 */
export function onceStore(url: string, options: SqliteOnceStoreOptions = {}): OnceStore {
	const busyLimitMs = checkDuration("busyLimitMs", options.busyLimitMs ?? defaultBusyLimitMs);
	return new SqliteOnceStore(dataFolder(url, options.cwd), busyLimitMs);
}

class SqliteOnceStore implements OnceStore {
	readonly location: string;
	readonly #file: DatabaseFile<OnceTables>;
	readonly #queue: WriteQueue<OnceTables>;

	constructor(folder: string, busyLimitMs: number) {
		this.location = `sqlite://${folder}`;
		this.#file = new DatabaseFile(join(folder, "once.db"), onceSchema, busyLimitMs);
		this.#queue = new WriteQueue(this.#file, (tables) => ({ tables }), busyLimitMs);
	}

	begin(key: string, attempt: OnceAttempt, markMs: number, ctx: Context): Promise<OnceRecord | undefined> {
		return this.#queue.write(({ tables }) => tables.begin(key, attempt, markMs), ctx);
	}

	renew(key: string, attempt: OnceAttempt, markMs: number, ctx: Context): Promise<boolean> {
		return this.#queue.write(({ tables }) => tables.renew(key, attempt, markMs), ctx);
	}

	end(key: string, attempt: OnceAttempt, outcome: string, ttlMs: number, ctx: Context): Promise<boolean> {
		return this.#queue.write(({ tables }) => tables.end(key, attempt, outcome, ttlMs), ctx);
	}

	abandon(key: string, attempt: OnceAttempt, ctx: Context): Promise<void> {
		return this.#queue.write(({ tables }) => tables.abandon(key, attempt), ctx);
	}

	async close(): Promise<void> {
		const closing = this.#file.close();
		await Promise.all([closing, this.#queue.idle()]);
	}
}
