/** An event as it lies in a log: the published event with the runtime's stamp. */
export interface EventRecord {
	/** Unique in its topic. An event that is published again under the same id is a duplicate. */
	readonly id: string;
	/** `contract.event`. */
	readonly type: string;
	/** The version of the data. */
	readonly version: number;
	/** The app that published it. */
	readonly source: string;
	/** The key that orders it: events of one key are handled one after another. Without a key there is no order. */
	readonly key?: string;
	/** When it was published, in ISO 8601. */
	readonly time: string;
	/** It is not handled before this time, in ISO 8601. */
	readonly notBefore?: string;
	/** The output of the event's schema, as JSON. */
	readonly data: unknown;
	/** The id of the first cause. All events and calls that follow from it share this id. */
	readonly correlationId: string;
	/** The call or the event whose handler published it. */
	readonly causationId?: string;
	/** The trace of the publisher, as W3C Trace Context writes it. */
	readonly traceparent?: string;
	readonly tracestate?: string;
	/** The metadata `x-global-*` of the publisher, by name. */
	readonly metadata?: Readonly<Record<string, string>>;
}

/** A record that is being made. Spreading what may be missing into one takes several times as long as setting it. */
export type UnfinishedRecord = { -readonly [Name in keyof EventRecord]: EventRecord[Name] };
