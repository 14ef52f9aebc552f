import type { Context } from "@allium/core";
import type { Slice } from "@allium/core/event";
import {
	type DocumentQuery,
	noSuchView,
	type ParkedKey,
	type Sql,
	type SqlRow,
	type SqlValue,
	type StoredDocument,
	type ViewBuild,
	type ViewBuildId,
	type ViewChange,
	type ViewLease,
	type ViewTransaction,
	viewLeaseLost,
} from "@allium/core/store";
import { arrayLiteral } from "./array-literal.ts";
import type { BackendHandle } from "./backend-handle.ts";
import type { Value } from "./connection-pool.ts";
import { sqlState } from "./failure.ts";
import { runServiceSql } from "./service-sql.ts";
import type { Connection } from "./session.ts";
import { sortedText } from "./stored-text.ts";
import { type Run, ViewDocuments } from "./view-documents.ts";
import { mergedPlaces, parkedText, placesText, readParkedKey, readPlaces } from "./view-places.ts";
import { buildSchema, viewsSchema } from "./view-schema.ts";
import { markOf, PostgresViewTransaction } from "./view-transaction.ts";

/** How long a transaction may be idle in milliseconds: a process that is suspended in it would hold the build. */
const idleMs = 5_000;
/**
 * Makes the tables of a build come first. Applied changes need not be on the disk when they are committed: rows and
 * places are lost together, and are made again.
 */
const applySql = `
SELECT set_config('search_path', $1 || ', ' || current_setting('search_path'), true),
	set_config('synchronous_commit', 'off', true),
	set_config('idle_in_transaction_session_timeout', '${idleMs}', true)`;
const readSql = `
SELECT set_config('search_path', $1 || ', ' || current_setting('search_path'), true),
	set_config('transaction_read_only', 'on', true)`;
const thisBuild = "name = $1 AND version = $2 AND build = $3";

interface ParkedRow {
	/** Null where the build has none. */
	readonly text: string | null;
	readonly due: boolean;
}

/** A build of a view in a schema of its own. */
export class PostgresViewBuild implements ViewBuild {
	readonly #id: ViewBuildId;
	readonly #handle: BackendHandle;
	readonly #key: readonly [string, number, number];
	readonly #schema: string;
	readonly #views: string;
	readonly #documents: ViewDocuments;

	constructor(id: ViewBuildId, handle: BackendHandle) {
		const { schema } = handle.backend.database;
		this.#id = id;
		this.#handle = handle;
		this.#key = [id.name, id.version, id.build];
		this.#schema = buildSchema(schema, id);
		this.#views = viewsSchema(schema);
		this.#documents = new ViewDocuments(this.#schema);
	}

	async claim(member: string, seenEpoch: number, ctx: Context): Promise<ViewLease | undefined> {
		const [row] = await this.#query<{ readonly epoch: string; readonly places: string }>(
			`UPDATE ${this.#views}.builds SET epoch = nextval('${this.#views}.numbers'), holder = $4, renewal = 0
			WHERE ${thisBuild} AND epoch = $5
			RETURNING epoch, places, ${this.#told}`,
			[...this.#key, member, String(seenEpoch)],
			ctx,
		);
		return row && { member, epoch: Number(row.epoch), places: readPlaces(row.places) };
	}

	async renew({ epoch }: ViewLease, trouble: string | undefined, ctx: Context): Promise<void> {
		const rows = await this.#query(
			`UPDATE ${this.#views}.builds SET renewal = renewal + 1, trouble = $5
			WHERE ${thisBuild} AND epoch = $4 AND holder IS NOT NULL RETURNING id`,
			[...this.#key, String(epoch), trouble?.toWellFormed().replaceAll("\0", "\ufffd") ?? null],
			ctx,
		);
		if (rows.length === 0) throw viewLeaseLost(this.#id);
	}

	async release({ epoch }: ViewLease, ctx: Context): Promise<void> {
		await this.#query(
			`UPDATE ${this.#views}.builds SET renewal = renewal + 1, holder = NULL
			WHERE ${thisBuild} AND epoch = $4 RETURNING ${this.#told}`,
			[...this.#key, String(epoch)],
			ctx,
		);
	}

	async apply(
		{ epoch }: ViewLease,
		work: (tx: ViewTransaction) => Promise<ViewChange>,
		ctx: Context,
	): Promise<void> {
		this.#handle.check(ctx);
		await this.#handle.backend.database.transaction(async (connection) => {
			const [, [held]] = await Promise.all([
				connection.run(applySql, [this.#schema]),
				// Its row stays locked: a claim of the build waits for the end of this transaction.
				connection.run<{ readonly id: string; readonly places: string }>(
					`UPDATE ${this.#views}.builds SET renewal = renewal + 1, trouble = NULL
					WHERE ${thisBuild} AND epoch = $4 AND holder IS NOT NULL RETURNING id, places`,
					[...this.#key, String(epoch)],
				),
			]);
			if (held === undefined) throw viewLeaseLost(this.#id);
			const tx = new PostgresViewTransaction(connection, this.#schema);
			try {
				const change = await work(tx).catch(async (error: unknown) => {
					// After a statement that failed, all others fail, and say less.
					await tx.settled();
					throw error;
				});
				const saving = this.#save(connection, held, change);
				saving.catch(() => {});
				await tx.settled();
				await saving;
			} finally {
				tx.isOver = true;
			}
		}, ctx);
	}

	async finish({ epoch }: ViewLease, ctx: Context): Promise<void> {
		const rows = await this.#query(
			`UPDATE ${this.#views}.builds SET renewal = renewal + 1, live_since = nextval('${this.#views}.numbers')
			WHERE ${thisBuild} AND epoch = $4 AND holder IS NOT NULL RETURNING ${this.#told}`,
			[...this.#key, String(epoch)],
			ctx,
		);
		if (rows.length === 0) throw viewLeaseLost(this.#id);
	}

	async get(keys: readonly string[], ctx: Context): Promise<ReadonlyMap<string, string>> {
		return this.#read((run) => this.#documents.get(run, keys), ctx);
	}

	async find(query: DocumentQuery, ctx: Context): Promise<Slice<StoredDocument>> {
		return this.#read((run) => this.#documents.find(run, query), ctx);
	}

	query(ctx: Context): Sql {
		return async <Row extends SqlRow>(text: TemplateStringsArray, ...values: readonly SqlValue[]) => {
			this.#handle.check(ctx);
			return this.#handle.backend.database.transaction(async (connection) => {
				const [, [found]] = await Promise.all([
					connection.run(readSql, [this.#schema]),
					connection.run(`SELECT id FROM ${this.#views}.builds WHERE ${thisBuild}`, this.#key),
				]);
				if (found === undefined) throw noSuchView(this.#id);
				return runServiceSql<Row>(connection, text, values, markOf(this.#schema));
			}, ctx);
		};
	}

	async parked(
		{ after, limit }: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<ParkedKey>> {
		const items = await this.#parked(
			"p.key > $4 ORDER BY p.key LIMIT $5",
			[sortedText((after ?? "").toWellFormed()), limit + 1],
			ctx,
		);
		const last = items.length > limit ? items[limit - 1] : undefined;
		return { items: items.slice(0, limit), ...(last !== undefined && { next: last.key }) };
	}

	parkedOf(keys: readonly string[], ctx: Context): Promise<readonly ParkedKey[]> {
		return this.#parked("p.key = ANY($4::text[])", [keyList(keys)], ctx);
	}

	async retry(keys: readonly string[] | "all", ctx: Context): Promise<number> {
		const [row] = await this.#query<{ readonly count: number }>(
			`WITH it AS (SELECT id, name, version FROM ${this.#views}.builds WHERE ${thisBuild}),
			due AS (
				UPDATE ${this.#views}.parked SET due = true FROM it
				WHERE build = it.id AND ($4::text[] IS NULL OR key = ANY($4::text[])) RETURNING 1
			)
			SELECT (SELECT count(*)::int FROM due) AS count, ${this.#told} FROM it`,
			[...this.#key, keys === "all" ? null : keyList(keys)],
			ctx,
		);
		if (row === undefined) throw noSuchView(this.#id);
		return row.count;
	}

	/** Wakes the waiters for the version. */
	get #told(): string {
		return `pg_notify('${this.#handle.backend.database.channel}', 'v' || name || '.' || version) IS NULL AS told`;
	}

	async #save(
		connection: Connection,
		held: { readonly id: string; readonly places: string },
		{ places, documents = new Map(), park = [], unpark = [] }: ViewChange,
	): Promise<void> {
		const statements: Promise<unknown>[] = [this.#documents.save(connection, documents)];
		if (unpark.length > 0) {
			const sql = `DELETE FROM ${this.#views}.parked WHERE build = $1 AND key = ANY($2::text[])`;
			statements.push(connection.run(sql, [held.id, keyList(unpark)]));
		}
		if (park.length > 0) {
			statements.push(
				connection.run(
					`INSERT INTO ${this.#views}.parked (build, key, text, due)
					SELECT $1, key, text, due FROM unnest($2::text[], $3::text[], $4::boolean[]) AS given (key, text, due)
					ON CONFLICT (build, key) DO UPDATE SET text = excluded.text, due = excluded.due`,
					[
						held.id,
						keyList(park.map(({ key }) => key)),
						arrayLiteral(park.map(parkedText)),
						arrayLiteral(park.map(({ due }) => String(due))),
					],
				),
			);
		}
		const now = placesText(mergedPlaces(readPlaces(held.places), places));
		statements.push(
			connection.run(`UPDATE ${this.#views}.builds SET places = $2 WHERE id = $1 RETURNING ${this.#told}`, [
				held.id,
				now,
			]),
		);
		await Promise.all(statements);
	}

	async #parked(which: string, values: readonly Value[], ctx: Context): Promise<readonly ParkedKey[]> {
		const rows = await this.#query<ParkedRow>(
			`SELECT parked.text, parked.due FROM ${this.#views}.builds AS it LEFT JOIN LATERAL (
				SELECT p.key, p.text, p.due FROM ${this.#views}.parked AS p WHERE p.build = it.id AND ${which}
			) AS parked ON true WHERE ${thisBuild} ORDER BY parked.key`,
			[...this.#key, ...values],
			ctx,
		);
		if (rows.length === 0) throw noSuchView(this.#id);
		return rows.flatMap(({ text, due }) => (text === null ? [] : readParkedKey(text, due)));
	}

	#query<Row extends object>(text: string, values: readonly Value[], ctx: Context): Promise<readonly Row[]> {
		return this.#handle.query<Row>(text, values, ctx);
	}

	async #read<T>(read: (run: Run) => Promise<T>, ctx: Context): Promise<T> {
		try {
			return await read((text, values) => this.#query(text, values, ctx));
		} catch (error) {
			// The tables go with their build.
			throw sqlState(error) === "42P01" ? noSuchView(this.#id) : error;
		}
	}
}

function keyList(keys: readonly string[]): string {
	return arrayLiteral(keys.map((key) => sortedText(key.toWellFormed())));
}
