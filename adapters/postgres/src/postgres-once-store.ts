import type { Context, OnceAttempt, OnceRecord, OnceStore } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import { openBackend } from "./backend.ts";
import { BackendHandle } from "./backend-handle.ts";
import { FirstUse } from "./first-use.ts";
import { OnceTable, onceTableSql } from "./once-table.ts";
import { type PostgresOptions, parsePostgresUrl } from "./postgres-url.ts";
import { indexedText } from "./stored-text.ts";
import { lockSql } from "./tables.ts";

/** How often a call is looked for that others begin and forget at the same time. */
const mostTries = 10;
/** The longest time that is kept, in seconds: a thousand years, within what a timestamp holds. */
const longestSeconds = 1_000 * 365 * 24 * 60 * 60;

/** The options of a store of `once` in PostgreSQL. They take precedence over the URL. */
export interface PostgresOnceStoreOptions extends PostgresOptions {
	/** The process that opens it. Ports with the same scope and the same database share their connections. */
	readonly scope?: object;
}

/**
 * The store of `once` in a PostgreSQL database, `postgres://user:password@host:5432/database`, for instances on any
 * number of hosts. Times are measured by the server's clock. Kept outcomes survive a crash of the server if its setting
 * `synchronous_commit` ensures that.
 *
 * @throws ServiceError as `broker`. The operations reject with `unavailable` while the server does not answer.
 * @example
 * const store = await onceStore("postgres://shop:secret@db.example/shop");
 * app.serve(Payments, payments, { middleware: [once({ store })] });
 */
export async function onceStore(url: string, options: PostgresOnceStoreOptions = {}): Promise<OnceStore> {
	const share = await openBackend(parsePostgresUrl(url, options), options.scope ?? {});
	return new PostgresOnceStore(new BackendHandle("the store of once", share));
}

class PostgresOnceStore implements OnceStore {
	readonly location: string;
	readonly #handle: BackendHandle;
	readonly #table: OnceTable;

	constructor(handle: BackendHandle) {
		const { place, schema } = handle.backend.database;
		this.location = place;
		this.#handle = handle;
		const table = new FirstUse((ctx) => prepare(handle, ctx));
		this.#table = new OnceTable(schema, async (text, values, ctx) => {
			await table.ready(ctx);
			return handle.query(text, values, ctx);
		});
	}

	async begin(
		key: string,
		attempt: OnceAttempt,
		markMs: number,
		ctx: Context,
	): Promise<OnceRecord | undefined> {
		const stored = indexedText(key);
		for (let tried = 0; tried < mostTries; tried++) {
			if (await this.#table.mark(stored, attempt, seconds(markMs), ctx)) return undefined;
			// Between the two statements its time may be over.
			const known = await this.#table.find(stored, ctx);
			if (known !== undefined) return known;
		}
		throw unavailable("too many attempts begin the same call and give it up at the same time; try again");
	}

	renew(key: string, attempt: OnceAttempt, markMs: number, ctx: Context): Promise<boolean> {
		return this.#table.renew(indexedText(key), attempt, seconds(markMs), ctx);
	}

	end(key: string, attempt: OnceAttempt, outcome: string, ttlMs: number, ctx: Context): Promise<boolean> {
		return this.#table.end(indexedText(key), attempt, { outcome, seconds: seconds(ttlMs) }, ctx);
	}

	abandon(key: string, attempt: OnceAttempt, ctx: Context): Promise<void> {
		return this.#table.abandon(indexedText(key), attempt, ctx);
	}

	async close(): Promise<void> {
		await this.#handle.close();
	}
}

/** Makes the table where it is missing. */
async function prepare(handle: BackendHandle, ctx: Context): Promise<void> {
	const { database } = handle.backend;
	const [found] = await handle.query<{ readonly isThere: boolean }>(
		`SELECT to_regclass('${database.schema}.once_calls') IS NOT NULL AS "isThere"`,
		[],
		ctx,
	);
	if (found?.isThere === true) return;
	await database.transaction(async (connection) => {
		await connection.runAll(lockSql(database.schema));
		await connection.runAll(onceTableSql(database.schema));
	}, ctx);
}

function seconds(milliseconds: number): number {
	return Math.min(longestSeconds, milliseconds / 1_000);
}
