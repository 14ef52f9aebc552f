import type { Context } from "../context/context.ts";
import type { EventRecord } from "../event/event-record.ts";
import type { GroupState, Slice } from "../event/group-state.ts";
import type { Cursor, Log, LogFeatures, Receipt } from "../event/log.ts";

/**
 * The version that a stream has to have for an append: a number, where 0 is a stream without events; `none`, which is
 * the same as 0; `exists` for any but 0; or `any`.
 */
export type Expected = number | "none" | "exists" | "any";

/** Events to be added to a stream. */
export interface Append {
	/** The name of the stream, such as `account/a1`: 1 to 512 bytes of any text. */
	readonly stream: string;
	/** The topic whose log has the events: the name of their contract. A stream has one for ever. */
	readonly topic: string;
	readonly expected: Expected;
	/** In order. None checks the version alone: see `EventStore.append` for when it comes again. */
	readonly events: readonly EventRecord[];
}

/** What became of an {@link Append}. */
export interface Appended {
	readonly stream: string;
	/** The version of the stream behind the events of this append. The first event of a stream has the version 1. */
	readonly version: number;
	readonly receipts: readonly Receipt[];
	/** Whether these very events were there already. Then nothing was added, and `version` is that of the first time. */
	readonly duplicate: boolean;
}

/** What a command came to. It is kept with the append, so that a second attempt of the same call has the same answer. */
export interface Outcome {
	/** The id of the call. */
	readonly id: string;
	/** What the call was: a hash of the method and its input. Another call under the same id is refused. */
	readonly fingerprint: string;
	/** The reply or the error, as text. */
	readonly text: string;
	/** How long it is kept at least, in milliseconds. */
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
	/** Its place in the log of its topic. Undefined where places are given later: see `TopicLog.place`. */
	readonly lane: number;
	readonly cursor: Cursor | undefined;
}

/** Some events of a stream. */
export interface StreamPage {
	/** In the order that was asked for. */
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
	/** Who can read it: the name and the version of a decider. */
	readonly reader: string;
	/** The version of the stream that it is the state of. */
	readonly version: number;
	/** JSON. */
	readonly text: string;
}

/** What an event store guarantees. */
export interface EventStoreFeatures {
	/** Whether transactions take SQL. */
	readonly sql: boolean;
	readonly syncs: LogFeatures["syncs"];
	/** The largest event as text, in bytes. */
	readonly maxEventBytes: number;
}

/** What a query may be given as a value. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

/** A row of a result, by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** Runs SQL: a tagged template, whose values are parameters and never a part of the text. */
export type Sql = <Row extends SqlRow = SqlRow>(
	text: TemplateStringsArray,
	...values: readonly SqlValue[]
) => Promise<Row[]>;

/** A transaction of a store. What it does happens together when its work resolves, or not at all. */
export interface StoreTransaction {
	/**
	 * Rejects with `failed_precondition`, reason `not_offered`, where `features.sql` is false, and with `already_exists`
	 * when a unique constraint is violated. The whole transaction has failed then.
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
	/** What is known once the store was used. */
	features(ctx: Context): Promise<EventStoreFeatures>;
	/**
	 * What tells this log from others: made with it, and kept in it. A copy of its files or tables, such as a backup that is
	 * restored, has the same.
	 */
	identity(ctx: Context): Promise<string>;
	/**
	 * Adds events to one stream or to several, all or none, and the outcome of the command with them. Durable as
	 * `features.syncs` says when it resolves. No parts at all keep the outcome alone.
	 *
	 * A part whose events are there already adds nothing, whatever version it expects. When that is so for every part
	 * that has events, it is the same append once more, and parts without events are not checked either.
	 *
	 * Rejects with
	 * - `already_exists`, reason `outcome_known`, when an outcome of this id is kept; asked before all else;
	 * - `aborted`, reason `wrong_version`, data `{ stream, version }`, when a stream has another version than expected;
	 * - `already_exists`, reason `other_event`, when an event of the topic has one of the ids and other data, or lies in
	 *   another stream; reason `partly_there` when some of the events of a part are there and others are not. The time,
	 *   the trace and the metadata of an event make no difference;
	 * - `resource_exhausted`, reason `event_too_large`;
	 * - `invalid_argument` for a name of a stream that is empty, too long or not well-formed, for a stream that is named
	 *   twice or lies in another topic, and for an id of an event that comes twice in a topic.
	 *
	 * `checkAppends` and `planAppends` of this entry decide all of this for adapters, but for outcomes and sizes.
	 */
	append(parts: readonly Append[], ctx: Context, outcome?: Outcome): Promise<readonly Appended[]>;
	read(stream: string, range: StreamRange, ctx: Context): Promise<StreamPage>;
	/** The events of a stream that one call or event caused, in order. */
	madeBy(stream: string, causationId: string, ctx: Context): Promise<readonly StreamEvent[]>;
	/** What a call came to; undefined when it is not kept. */
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
	 * The events of all streams as topics: what `append` adds to a topic, and what is published to it. The topics of
	 * streams keep their events without bound. Closed with the store.
	 */
	readonly log: Log;
	/**
	 * How far groups are that work on this log: relays, workflows, schedules. It lies with the events, and is closed with
	 * the store. A store without it leaves that to the memory of each process, which forgets it.
	 */
	readonly state?: GroupState | undefined;
	/**
	 * Does several things together. The work awaits nothing but its transaction: on SQLite nothing else is written
	 * meanwhile, and a work that awaits something else is refused with a sentence. It may run again after a conflict.
	 */
	transaction<T>(work: (tx: StoreTransaction) => Promise<T>, ctx: Context): Promise<T>;
	close(): Promise<void>;
}
