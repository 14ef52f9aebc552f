import type { AnyContract, Context, EventData, EventName } from "@allium/core";
import type { Sql } from "@allium/core/store";
import type { ProjectionTransaction } from "./projection-transaction.ts";
import type { ReachedPosition } from "./reached-position.ts";
import { SqlBatch, type SqlHandler } from "./sql-batch.ts";
import type { View } from "./view.ts";
import type { ViewEvent } from "./view-event.ts";
import { viewOf } from "./view-of.ts";
import { type ViewPart, viewPart } from "./view-part.ts";

/** The function that takes one event into the tables. */
export type ProjectionHandler<E> = (
	data: EventData<E>,
	tx: ProjectionTransaction,
	event: ViewEvent,
) => Promise<unknown> | unknown;

/** The functions that take events of a contract into the tables, by name. Events without a function are passed over. */
export type ProjectionHandlers<C extends AnyContract> = {
	readonly [K in keyof C as Extract<K, EventName<C>>]?: ProjectionHandler<C[K]>;
};

/** The handlers by which a projection takes the events of one contract. Made by {@link on}. */
export interface ProjectionPart {
	/** @internal */
	readonly "~part": ViewPart<SqlHandler>;
}

/**
 * Declares how a projection takes the events of a contract.
 *
 * @throws TypeError for a function that is named like no event of the contract.
 * @example
 * on(Matches, { ended: ({ winner }, tx) => tx.sql`UPDATE standings SET wins = wins + 1 WHERE player = ${winner}` })
 */
export function on<C extends AnyContract>(contract: C, handlers: ProjectionHandlers<C>): ProjectionPart;
export function on(contract: AnyContract, handlers: object): ProjectionPart {
	return { "~part": viewPart("on", contract, handlers, isSqlHandler) };
}

function isSqlHandler(value: unknown): value is SqlHandler {
	return typeof value === "function";
}

/** The version and the tables of a projection. */
export interface ProjectionOptions {
	/** A positive integer. A new version of the view is built from all events, while the old one stays readable. */
	readonly version: number;
	/** The statements that make the tables and indexes, in SQL that both databases speak, or for each of them. */
	readonly tables: string | { readonly sqlite: string; readonly postgres: string };
}

/** Reads a projection. */
export interface ProjectionReader {
	/**
	 * Runs a query on the tables. Waits until the view is built and has the events that `after` asks for: until the
	 * deadline of the context, and 10 seconds at most. A statement that would change something is refused.
	 *
	 * @example
	 * const rows = await standings.query(ctx)<{ player: string }>`SELECT player FROM standings WHERE wins > ${10}`;
	 */
	query(ctx: Context): Sql;
	/**
	 * Resolves when the view has the event at a position. Rejects with `failed_precondition` for another log, and for a
	 * position that the log does not have.
	 */
	reached(position: ReachedPosition, ctx: Context): Promise<void>;
}

/**
 * A view in tables of SQL: rows that handlers of events write, one event after another in the order of the log. Rows and
 * the place in the log change together, so that each event counts once. A handler does nothing but SQL: building the
 * view again has no other effects.
 *
 * @param name up to 64 letters, digits, "-" and "_".
 * @throws ServiceError `invalid_argument` for a name or version that cannot be used; TypeError for parts that do not fit.
 * @example
 * export const standings = projection(
 *   "standings",
 *   { version: 1, tables: "CREATE TABLE standings (player TEXT PRIMARY KEY, wins INTEGER NOT NULL)" },
 *   on(Matches, {
 *     ended: ({ winner }, tx) => tx.sql`INSERT INTO standings VALUES (${winner}, 1)
 *       ON CONFLICT (player) DO UPDATE SET wins = standings.wins + 1`,
 *   }),
 * );
 */
export function projection(
	name: string,
	{ version, tables }: ProjectionOptions,
	...given: readonly ProjectionPart[]
): View<ProjectionReader> {
	const parts = given.map((each) => each["~part"]);
	return viewOf(name, {
		version,
		parts,
		tables: (dialect) => (typeof tables === "string" ? tables : tables[dialect]),
		batch: (work) => new SqlBatch(parts, work),
		reader: (reading) => ({
			query: (ctx) => reading.sql(ctx),
			reached: (position, ctx) => reading.reached(position, ctx),
		}),
	});
}
