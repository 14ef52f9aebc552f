import type { Context } from "../context/context.ts";
import type { HandlingError, Slice } from "../event/group-state.ts";
import type { Cursor, Cursors } from "../event/log.ts";
import type { Sql } from "./event-store.ts";

/** A version of a view. It belongs to the code that declares it. */
export interface ViewVersionId {
	/** Letters, digits, "-" and "_", at most 64. */
	readonly name: string;
	/** A positive integer. */
	readonly version: number;
}

/**
 * A build of a version. A version is built once, and again on request; a new build does not replace the existing ones
 * until it is finished.
 */
export interface ViewBuildId extends ViewVersionId {
	/** The first is 1. */
	readonly build: number;
}

/** The definition of a version of a view. */
export interface ViewDefinition extends ViewVersionId {
	/** The statements that make its tables, in the SQL of the store; undefined for documents. */
	readonly tables?: string | undefined;
	/** Further properties that must not change without another version, such as the names of its events. */
	readonly shape: string;
	/** The only app that may project it. Default: any app may, until the view is opened with the name of an app. */
	readonly owner?: string | undefined;
	/** The contracts whose events it is made from. Default: not known. */
	readonly topics?: readonly string[];
}

/** The places up to which a build has the events of each topic. */
export type ViewPlaces = ReadonlyMap<string, Cursors>;

/** A document whose event failed. Later events of its key are left out until that event succeeds. */
export interface ParkedKey {
	readonly key: string;
	/** The event. */
	readonly topic: string;
	readonly lane: number;
	readonly cursor: Cursor;
	readonly eventId: string;
	/** The places of the build before the event: later events of the key are read again behind them. */
	readonly from: ViewPlaces;
	readonly error: HandlingError;
	/** When it failed, in milliseconds since 1970. */
	readonly since: number;
	/** Set by an operator: it is to be tried again. */
	readonly due: boolean;
}

/** A document as it is stored. */
export interface StoredDocument {
	readonly key: string;
	/** JSON. */
	readonly text: string;
	/** The values of the fields by which it is found, as text. */
	readonly fields: Readonly<Record<string, string>>;
}

/** Which documents to find. */
export interface DocumentQuery {
	/** The values that all of these fields must have, as text. */
	readonly fields: Readonly<Record<string, string>>;
	/** Only documents whose keys come behind this one, by code points. */
	readonly after?: string | undefined;
	readonly limit: number;
}

/** The changes that some events make to a view. They are saved together with the changes that the work made by SQL. */
export interface ViewChange {
	/** The new places, of the topics and lanes that went on. */
	readonly places: ViewPlaces;
	/** Documents by their keys; `null` removes one. */
	readonly documents?: ReadonlyMap<string, StoredDocument | null>;
	readonly park?: readonly ParkedKey[];
	/** Keys that are parked no longer. */
	readonly unpark?: readonly string[];
}

/** The transaction in which the SQL of a view runs. */
export interface ViewTransaction {
	/**
	 * Runs a statement. One that gives no rows may still be under way when it resolves: its failure fails the whole
	 * transaction, and `settled` tells it.
	 *
	 * @throws ServiceError `failed_precondition`, reason `not_offered`, where `features.sql` is undefined.
	 */
	readonly sql: Sql;
	/** Resolves when all statements have run. Rejects with the error of the first one that failed. */
	readonly settled: () => Promise<void>;
}

/** The right to work on a build. */
export interface ViewLease {
	readonly member: string;
	/** Greater than the epoch of every earlier claim. */
	readonly epoch: number;
	readonly places: ViewPlaces;
}

/** A build as everybody sees it. */
export interface ViewBuildReport {
	readonly build: number;
	/** When it was begun, in milliseconds since 1970. */
	readonly createdAt: number;
	/** Whether it once had all events of its time. */
	readonly isBuilt: boolean;
	/** The member that claimed it and has not released it. */
	readonly holder: string | undefined;
	readonly epoch: number;
	/**
	 * Changes with each renewal and each change of the holder. Other members measure with their own clocks how long it
	 * stays unchanged.
	 */
	readonly renewal: string;
	readonly places: ViewPlaces;
	readonly parked: number;
	/** Whether parked keys are to be tried again. */
	readonly isDue: boolean;
	/** The holder's reason why the build does not go on. */
	readonly trouble: string | undefined;
}

/** A version as everybody sees it. */
export interface ViewReport extends ViewVersionId {
	readonly kind: "documents" | "sql";
	/** The app that projects it; undefined while that is not known. */
	readonly owner: string | undefined;
	/** The contracts whose events it is made from; none while that is not known. */
	readonly topics: readonly string[];
	/** The build that is read; undefined before one is built. */
	readonly live: number | undefined;
	/** In the order of their numbers. */
	readonly builds: readonly ViewBuildReport[];
	/** Why the store cannot read the version, with the remedy; it has no builds then. Only in a list of versions. */
	readonly fault?: string | undefined;
}

/** The features of a view store. */
export interface ViewStoreFeatures {
	/** The SQL dialect of the store. Undefined if it only keeps documents. */
	readonly sql: "sqlite" | "postgres" | undefined;
}

/**
 * One build of a version. It uses no clock: a member keeps the build until it releases the build, or until another
 * member claims it under the epoch that it saw because there was no renewal for too long.
 *
 * If the build is missing, `claim` returns undefined, `apply` and `renew` reject as for a lost lease, and reads reject
 * with `not_found`.
 */
export interface ViewBuild {
	/** Takes the build if its epoch is still the one that was seen. Undefined if it is not. */
	claim(member: string, seenEpoch: number, ctx: Context): Promise<ViewLease | undefined>;
	/** Reports that the holder lives, and why the build does not go on if it does not. Rejects as `apply` does. */
	renew(lease: ViewLease, trouble: string | undefined, ctx: Context): Promise<void>;
	/** Gives the build up. Has no effect when the epoch is not the latest. */
	release(lease: ViewLease, ctx: Context): Promise<void>;
	/**
	 * Does the work and saves the change that it returns, in one transaction. Renews the lease. On SQLite the work must
	 * await nothing but its transaction; otherwise it is refused with `failed_precondition`, reason `awaits_outside`. The
	 * work may run again after a conflict.
	 *
	 * Rejects with `aborted`, reason `lease_lost`, when the epoch is not the latest. After any rejection nothing has
	 * changed, unless the backend did not answer.
	 */
	apply(lease: ViewLease, work: (tx: ViewTransaction) => Promise<ViewChange>, ctx: Context): Promise<void>;
	/** Marks the build as built. It is read from now on, instead of the one before. Rejects as `apply` does. */
	finish(lease: ViewLease, ctx: Context): Promise<void>;
	/** The documents of some keys. */
	get(keys: readonly string[], ctx: Context): Promise<ReadonlyMap<string, string>>;
	/** Sorted by the code points of their keys. */
	find(query: DocumentQuery, ctx: Context): Promise<Slice<StoredDocument>>;
	/** Runs SQL that only reads. A statement that would change something is refused. */
	query(ctx: Context): Sql;
	parked(page: { readonly after?: string; readonly limit: number }, ctx: Context): Promise<Slice<ParkedKey>>;
	/** The parked keys among these. */
	parkedOf(keys: readonly string[], ctx: Context): Promise<readonly ParkedKey[]>;
	/** Marks parked keys to be tried again. Returns how many. */
	retry(keys: readonly string[] | "all", ctx: Context): Promise<number>;
}

/**
 * Keeps views, which are made from events to be read. A view can always be built again from its events, so a store may
 * lose the last changes in a power cut, but only together with the places up to which they had come.
 *
 * Operations reject with `unavailable` while the backend does not answer, and with `failed_precondition` once the store
 * is closed.
 */
export interface ViewStore {
	/** The location of the store as a URL for people to read: complete, but without secrets. */
	readonly location?: string | undefined;
	features(ctx: Context): Promise<ViewStoreFeatures>;
	/**
	 * Makes the first build of a version, unless it has one.
	 *
	 * Rejects with `failed_precondition`, reason `other_owner`, when another app projects the version; reason
	 * `other_definition`, when the version was made from another definition; reason `not_offered` for tables where there
	 * is no SQL; `invalid_argument` for a name that cannot be used, and for tables that the database refuses.
	 */
	open(definition: ViewDefinition, ctx: Context): Promise<ViewReport>;
	/** Undefined when there is no such version. */
	report(id: ViewVersionId, ctx: Context): Promise<ViewReport | undefined>;
	/** All versions of all views, sorted by name and version. */
	versions(ctx: Context): Promise<readonly ViewReport[]>;
	/**
	 * Begins another build of a version, unless one is under way, and removes builds that are older than the live one.
	 * Returns the number of the new build. Rejects with `not_found` if there is no such version.
	 */
	rebuild(id: ViewVersionId, ctx: Context): Promise<number>;
	/**
	 * Makes readers use a build. Rejects with `not_found` when it is missing, and with `failed_precondition` when it was
	 * never built.
	 */
	switch(id: ViewBuildId, ctx: Context): Promise<void>;
	/** Removes a build, or all of the version. Returns whether there was one. Leases on it are worth nothing afterwards. */
	drop(id: ViewVersionId & { readonly build?: number }, ctx: Context): Promise<boolean>;
	build(id: ViewBuildId): ViewBuild;
	/** Resolves when something of the version may have changed; sometimes without reason, never over 250 ms late. Ends with `ctx`. */
	changed(id: ViewVersionId, ctx: Context): Promise<void>;
	close(): Promise<void>;
}
