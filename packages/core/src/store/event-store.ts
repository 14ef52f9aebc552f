import type { Context } from "../context/context.ts";
import type { EventRecord } from "../event/event-record.ts";
import type { GroupState, Slice } from "../event/group-state.ts";
import type { Cursor, Log, LogFeatures, Receipt } from "../event/log.ts";

/**
 * The version that a stream must have for an append: a number, where 0 is a stream without events; `none`, which is the
 * same as 0; `exists`, which is any number but 0; or `any`.
 */
export type Expected = number | "none" | "exists" | "any";

/** Events to be added to a stream. */
export interface Append {
	/** The name of the stream, such as `account/a1`: 1 to 512 bytes of any text. */
	readonly stream: string;
	/** The topic whose log has the events: the name of their contract. A stream has one for ever. */
	readonly topic: string;
	readonly expected: Expected;
	/** In order. An empty list only checks the version: see `EventStore.append` for what happens when it comes again. */
	readonly events: readonly EventRecord[];
}

/** The result of an {@link Append}. */
export interface Appended {
	readonly stream: string;
	/** The version of the stream behind the events of this append. The first event of a stream has the version 1. */
	readonly version: number;
	readonly receipts: readonly Receipt[];
	/**
	 * Whether these very events were there already. In that case nothing was added, and `version` is the version of the
	 * first time.
	 */
	readonly duplicate: boolean;
}

/**
 * The outcome of a command. It is kept with the append, so that a second attempt of the same call gets the same answer.
 */
export interface Outcome {
	/** The id of the call. */
	readonly id: string;
	/** A hash of the call's method and input. A different call with the same id is refused. */
	readonly fingerprint: string;
	/** The reply or the error, as text. */
	readonly text: string;
	/** The least time for which it is kept, in milliseconds. */
	readonly keepMs: number;
}

/** Which events of a stream to read. */
export interface StreamRange {
	/** Only events behind this version; backwards, only those before it. Default: from the first, or from the last. */
	readonly after?: number;
	/** How many events at most. Default: 1000. */
	readonly limit?: number;
	/** How many bytes of events at most; one event that is larger still comes alone. Default: 4 MiB. */
	readonly bytes?: number;
	/** From the newest to the oldest. Default: `false`. */
	readonly backwards?: boolean;
}

/** An event in its stream. */
export interface StreamEvent {
	readonly event: EventRecord;
	/** The first event of a stream has 1, and there are no gaps. */
	readonly version: number;
	/** Its place in the log of its topic. Undefined if the log assigns places later: see `TopicLog.place`. */
	readonly lane: number;
	readonly cursor: Cursor | undefined;
}

/** Some events of a stream. */
export interface StreamPage {
	/** The events in the requested order. */
	readonly events: readonly StreamEvent[];
	/** The version of the stream now; 0 when it has no events. */
	readonly version: number;
	/** Whether there are more events in the direction that was asked for. */
	readonly more: boolean;
}

/** A stream in a listing. */
export interface StreamSummary {
	readonly stream: string;
	readonly topic: string;
	readonly version: number;
}

/** The state of a stream at a version. A cache: without it, the state is folded from all events. */
export interface Snapshot {
	readonly stream: string;
	/** The decider that can read it, by name and version. */
	readonly reader: string;
	/** The version of the stream that it is the state of. */
	readonly version: number;
	/** JSON. */
	readonly text: string;
}

/** The guarantees of an event store. */
export interface EventStoreFeatures {
	/** Whether transactions take SQL. */
	readonly sql: boolean;
	readonly syncs: LogFeatures["syncs"];
	/** The largest event as text, in bytes. */
	readonly maxEventBytes: number;
}

/** A value that a query may be given. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

/** A row of a result, by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** Runs SQL: a tagged template, whose values are parameters and never a part of the text. */
export type Sql = <Row extends SqlRow = SqlRow>(
	text: TemplateStringsArray,
	...values: readonly SqlValue[]
) => Promise<Row[]>;

/** A transaction of a store. All its changes are made together when its work resolves, or none of them. */
export interface StoreTransaction {
	/**
	 * Rejects with `failed_precondition`, reason `not_offered`, if `features.sql` is false, and with `already_exists` if a
	 * unique constraint is violated. In both cases the whole transaction has failed.
	 */
	readonly sql: Sql;
	append(part: Append): Promise<Appended>;
	/** Adds events to a topic, outside of streams. */
	publish(topic: string, events: readonly EventRecord[]): Promise<readonly Receipt[]>;
}

/**
 * Streams of events with versions, and one log of all of them.
 *
 * Operations reject with `unavailable` while the backend does not answer, and with `failed_precondition` once the store
 * is closed.
 */
export interface EventStore {
	/** The location of the store as a URL for people to read: complete, but without secrets. */
	readonly location?: string | undefined;
	/** The features, which are known once the store was used. */
	features(ctx: Context): Promise<EventStoreFeatures>;
	/**
	 * The identity of this log. It is made together with the log and kept in it. A copy of its files or tables, such as a
	 * restored backup, has the same identity.
	 */
	identity(ctx: Context): Promise<string>;
	/**
	 * Adds events to one or more streams, all or none, together with the outcome of the command. When it resolves, they
	 * are durable as `features.syncs` says. Without any parts it only keeps the outcome.
	 *
	 * A part whose events are there already adds nothing, regardless of the version that it expects. If that is so for
	 * every part that has events, it is the same append once more, and parts without events are not checked either.
	 *
	 * Rejects with
	 * - `already_exists`, reason `outcome_known`, when an outcome with this id is kept; this is checked first;
	 * - `aborted`, reason `wrong_version`, data `{ stream, version }`, when a stream has another version than expected;
	 * - `already_exists`, reason `other_event`, when an event of the topic has one of the ids and other data, or lies in
	 *   another stream; reason `partly_there` when some of the events of a part are there and others are not. The time,
	 *   the trace and the metadata of an event make no difference;
	 * - `resource_exhausted`, reason `event_too_large`;
	 * - `invalid_argument` for a name of a stream that is empty, too long or not well-formed, for a stream that is named
	 *   twice or lies in another topic, and for an id of an event that comes twice in a topic.
	 *
	 * `checkAppends` and `planAppends` of this entry decide all of this for adapters, except for outcomes and sizes.
	 */
	append(parts: readonly Append[], ctx: Context, outcome?: Outcome): Promise<readonly Appended[]>;
	read(stream: string, range: StreamRange, ctx: Context): Promise<StreamPage>;
	/** The events of a stream that one call or event caused, in order. */
	madeBy(stream: string, causationId: string, ctx: Context): Promise<readonly StreamEvent[]>;
	/** The outcome of a call. Undefined if it is not kept. */
	outcome(id: string, ctx: Context): Promise<Outcome | undefined>;
	/** The newest snapshot of a stream for a reader. */
	snapshot(stream: string, reader: string, ctx: Context): Promise<Snapshot | undefined>;
	/** Keeps a snapshot in place of older ones of the same reader. */
	saveSnapshot(snapshot: Snapshot, ctx: Context): Promise<void>;
	/** Removes all snapshots, or those of a reader. Returns how many. */
	dropSnapshots(reader: string | undefined, ctx: Context): Promise<number>;
	/** The streams whose names begin with a prefix, sorted by the code points of their names. */
	streams(
		page: { readonly prefix?: string; readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<StreamSummary>>;
	/**
	 * The events of all streams as topics. A topic has the events that `append` adds to it, and the events that are
	 * published to it. The topics of streams keep their events without bound. Closed with the store.
	 */
	readonly log: Log;
	/**
	 * The progress of groups that work on this log: relays, workflows, schedules. It lies with the events, and is closed
	 * with the store. A store without it leaves the progress to the memory of each process, which forgets it.
	 */
	readonly state?: GroupState | undefined;
	/**
	 * Does several things together. The work must await nothing but its transaction: on SQLite nothing else is written
	 * meanwhile, and work that awaits something else is refused with a message that says so. The work may run again after
	 * a conflict.
	 */
	transaction<T>(work: (tx: StoreTransaction) => Promise<T>, ctx: Context): Promise<T>;
	close(): Promise<void>;
}
