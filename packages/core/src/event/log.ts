import type { Context } from "../context/context.ts";
import type { EventRecord } from "./event-record.ts";
import type { ServerReport } from "./server-report.ts";

/**
 * A place in a lane. It is opaque, but of two cursors of one lane the greater string is the later one, and `""` is
 * before all events. A cursor also carries a hash of its event, so that a log that was restored from a backup can be
 * recognized (`diverged`).
 */
export type Cursor = string;

/** A place in each of some lanes, by the number of the lane. */
export type Cursors = ReadonlyMap<number, Cursor>;

/** An event in its place. */
export interface Placed {
	readonly event: EventRecord;
	readonly lane: number;
	readonly cursor: Cursor;
	/** Its size, which counts towards bounds: the bytes of its text. */
	readonly bytes: number;
	/**
	 * The reason why the text in the log is not a valid event. In that case `event` has an id that the log made up and the
	 * text as its data, and it is parked.
	 */
	readonly fault?: string;
}

/** The result of publishing an event. */
export interface Receipt {
	readonly id: string;
	readonly lane: number;
	/** Its place. Undefined if the log assigns places later: see {@link TopicLog.place}. */
	readonly cursor: Cursor | undefined;
	/** Whether an event with this id was there already, so that nothing was added. */
	readonly duplicate: boolean;
}

/** Some events of some lanes, in order. */
export interface Page {
	/** The events of each lane are in order. No event will be added before `next` later. */
	readonly events: readonly Placed[];
	/** The place after this page, for each lane that was requested. */
	readonly next: Cursors;
	/** The lanes in which events behind the given cursor are gone, because the topic keeps them no longer. */
	readonly lost: readonly number[];
}

/** How much one page has at most. One event that is larger still comes alone. */
export interface PageBounds {
	readonly events: number;
	readonly bytes: number;
	/** Only events of this key. Default: all. */
	readonly key?: string;
}

/** The guarantees of a log. */
export interface LogFeatures {
	/** Whether events of different lanes have an order, too. */
	readonly order: "log" | "lane";
	/** How long an id is remembered, in milliseconds: Infinity for as long as the event is kept, 0 for never. */
	readonly dedupeMs: number;
	/** Whether the events of one `append` are added all or none. */
	readonly atomic: boolean;
	/**
	 * The failure that an event is safe from once it is published: a power cut, the loss of a server, or only a crash of
	 * the process.
	 */
	readonly syncs: "disk" | "replicas" | "later";
	/** The largest event as text, in bytes. */
	readonly maxEventBytes: number;
}

/** How a topic is created. They do not change a topic that exists. */
export interface TopicOptions {
	/** Default: 16. */
	readonly lanes?: number;
	/** How long events are kept, in milliseconds. Default: 30 days. */
	readonly retainMs?: number;
	/** How many bytes of events are kept. Default: no bound. */
	readonly retainBytes?: number;
}

export const defaultLanes = 16;
export const defaultRetainMs: number = 30 * 24 * 60 * 60 * 1000;
/** The largest event, as text in bytes, where the backend has no smaller bound. */
export const defaultMaxEventBytes: number = 1024 * 1024;

/** How far a reader is behind the end of a lane. */
export interface Behind {
	/** The events after its cursor. */
	readonly events: number;
	/** When the first of these was published, in milliseconds since 1970; undefined without one. */
	readonly since: number | undefined;
}

/** The events of one contract, in lanes. */
export interface TopicLog {
	readonly topic: string;
	readonly lanes: number;
	/** How long events are kept after they were published, in milliseconds; Infinity where time does not bound it. */
	readonly retainMs: number;
	readonly features: LogFeatures;
	/**
	 * Adds events in the order given. When it resolves, the events are durable as `features.syncs` says. The key of an
	 * event determines its lane (`laneOf`). Rejects with `resource_exhausted`, reason `event_too_large`, before anything
	 * is added.
	 */
	append(events: readonly EventRecord[], ctx: Context): Promise<readonly Receipt[]>;
	/** The events behind each cursor, without gaps, of the lanes that are given. */
	read(after: Cursors, bounds: PageBounds, ctx: Context): Promise<Page>;
	/** Single events by their places. Undefined for an event that is no longer kept. */
	get(
		places: readonly { readonly lane: number; readonly cursor: Cursor }[],
		ctx: Context,
	): Promise<readonly (Placed | undefined)[]>;
	/**
	 * The event with an id; undefined where the log has none, or keeps it no longer. Absent from a log that has no index
	 * of ids.
	 */
	find?(id: string, ctx: Context): Promise<Placed | undefined>;
	/**
	 * The place of every lane at which a reader begins: before all events, behind all events, or behind the events that
	 * were published before a time.
	 */
	at(when: "start" | "now" | Date, ctx: Context): Promise<Cursors>;
	/** The lanes whose cursor names an event that this log never had: it was restored, or is another log. */
	diverged(after: Cursors, ctx: Context): Promise<readonly number[]>;
	/** How far readers at these cursors are behind. */
	behind(after: Cursors, ctx: Context): Promise<ReadonlyMap<number, Behind>>;
	/**
	 * Resolves when there may be more events behind the cursors: sometimes without a new event, and at most 250 ms late.
	 * Ends with `ctx`.
	 */
	changed(after: Cursors, ctx: Context): Promise<void>;
	/** The place of a receipt's event, in a log that assigns places later. Waits until the place is known. */
	place(receipt: Receipt, ctx: Context): Promise<Cursor>;
}

/** Append-only topics. Operations reject with `unavailable` while the backend does not answer. */
export interface Log {
	/** The location of the log as a URL for people to read: complete, but without secrets. */
	readonly location?: string | undefined;
	/** Opens a topic. Makes it when it is missing. */
	open(topic: string, options: TopicOptions, ctx: Context): Promise<TopicLog>;
	/** Opens a topic that is there. */
	find(topic: string, ctx: Context): Promise<TopicLog | undefined>;
	/** The names of all topics, sorted. */
	topics(ctx: Context): Promise<readonly string[]>;
	/** Looks at the server and its settings, for `allium doctor`; undefined where there is no server. */
	server?(ctx: Context): Promise<ServerReport>;
	close(): Promise<void>;
}
