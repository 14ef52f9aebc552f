import type { EventRecord, UnfinishedRecord } from "./event-record.ts";

/** The properties that every event has. */
type Stamp = Pick<EventRecord, "id" | "type" | "version" | "source" | "time" | "data" | "correlationId">;

/**
 * An event that was stamped here. It keeps its text, because the publisher measures the text that the log then stores. A
 * copy of it does not.
 */
export class StampedRecord implements UnfinishedRecord {
	id: string;
	type: string;
	version: number;
	source: string;
	time: string;
	data: unknown;
	correlationId: string;
	// These are declared only, because a field would be there also where it is undefined.
	declare key?: string;
	declare notBefore?: string;
	declare causationId?: string;
	declare traceparent?: string;
	declare tracestate?: string;
	declare metadata?: Readonly<Record<string, string>>;
	#text: string | undefined;

	constructor({ id, type, version, source, time, data, correlationId }: Stamp) {
		this.id = id;
		this.type = type;
		this.version = version;
		this.source = source;
		this.time = time;
		this.data = data;
		this.correlationId = correlationId;
	}

	/** The text of a record, which is kept where it was stamped here. */
	static text(record: EventRecord, make: (record: EventRecord) => string): string {
		if (!(#text in record)) return make(record);
		record.#text ??= make(record);
		return record.#text;
	}
}
