import { ServiceError } from "../errors/service-error.ts";
import { isObject } from "../json/is-object.ts";
import type { EventRecord, UnfinishedRecord } from "./event-record.ts";
import { StampedRecord } from "./stamped-record.ts";

/**
 * An event as text: CloudEvents 1.0 in structured JSON, with the extensions `correlationid`, `causationid`,
 * `dataversion`, `notbefore`, `traceparent`, `tracestate`, and `xglobal…` for metadata. Logs store this text.
 *
 * See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 *
 * @throws ServiceError `resource_exhausted`, reason `event_too_large`, when it is longer than `maxBytes`.
 */
export function eventText(record: EventRecord, maxBytes: number): string {
	const text = StampedRecord.text(record, textOf);
	// A UTF-16 unit has at most three bytes in UTF-8, so most texts need not be measured.
	if (text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes)
		throw tooLarge(record, maxBytes);
	return text;
}

function textOf(record: EventRecord): string {
	const { id, type, source, time, data, traceparent, tracestate, metadata } = record;
	const { key, version, notBefore, correlationId, causationId } = record;
	return JSON.stringify({
		specversion: "1.0",
		id,
		type,
		source,
		subject: key,
		time,
		datacontenttype: "application/json",
		dataversion: String(version),
		notbefore: notBefore,
		correlationid: correlationId,
		causationid: causationId,
		traceparent,
		tracestate,
		...(metadata === undefined ? undefined : toExtensions(metadata)),
		data,
	});
}

/** Reads an event. Returns the reason when the text is none, as others may have written it. */
export function parseEvent(text: string): EventRecord | { readonly fault: string } {
	let parsed: unknown;
	try {
		parsed = JSON.parse(text);
	} catch (error) {
		return { fault: `it is not JSON: ${(error as Error).message}` };
	}
	return readEventObject(parsed);
}

/** {@link parseEvent} for text that is parsed already. */
export function readEventObject(parsed: unknown): EventRecord | { readonly fault: string } {
	if (!isObject(parsed)) return { fault: "it is not a JSON object" };
	const { id, type, source, subject, time, data } = parsed;
	if (!isText(id)) return { fault: 'it has no "id"' };
	if (!isText(type)) return { fault: 'it has no "type"' };
	const version = Number(parsed.dataversion ?? 1);
	if (!Number.isSafeInteger(version) || version < 1)
		return { fault: '"dataversion" is not a positive integer' };
	const notBefore = optional(parsed.notbefore);
	if (notBefore !== undefined && Number.isNaN(Date.parse(notBefore)))
		return { fault: '"notbefore" is not a time' };
	const { causationid, traceparent, tracestate } = parsed;
	const record: UnfinishedRecord = {
		id,
		type,
		version,
		source: optional(source) ?? "",
		time: optional(time) ?? "",
		data,
		correlationId: optional(parsed.correlationid) ?? id,
	};
	if (isText(subject)) record.key = subject;
	if (notBefore !== undefined) record.notBefore = notBefore;
	if (isText(causationid)) record.causationId = causationid;
	if (isText(traceparent)) record.traceparent = traceparent;
	if (isText(tracestate)) record.tracestate = tracestate;
	const metadata = fromExtensions(parsed);
	if (metadata !== undefined) record.metadata = metadata;
	return record;
}

const prefix = "x-global-";
const extension = "xglobal";

/** Names of extensions are letters and digits alone, so that all but those are written as their codes. */
function toExtensions(metadata: Readonly<Record<string, string>>): Record<string, string> {
	const extensions: Record<string, string> = {};
	for (const [name, value] of Object.entries(metadata)) {
		const rest = name
			.slice(prefix.length)
			.replace(/[^a-yA-Y0-9]/g, (char) => `z${char.charCodeAt(0).toString(16)}z`);
		extensions[extension + rest] = value;
	}
	return extensions;
}

function fromExtensions(parsed: Record<string, unknown>): Record<string, string> | undefined {
	let metadata: Record<string, string> | undefined;
	for (const name in parsed) {
		// Of the names that every event has, none begins with this letter: to compare it costs less.
		if (name[0] !== extension[0] || !name.startsWith(extension) || !Object.hasOwn(parsed, name)) continue;
		const value = parsed[name];
		if (typeof value !== "string") continue;
		const rest = name
			.slice(extension.length)
			.replace(/z([0-9a-f]+)z/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
		metadata ??= {};
		metadata[prefix + rest] = value;
	}
	return metadata;
}

function isText(value: unknown): value is string {
	return typeof value === "string" && value !== "";
}

function optional(value: unknown): string | undefined {
	return isText(value) ? value : undefined;
}

function tooLarge({ id, type }: EventRecord, maxBytes: number): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		reason: "event_too_large",
		message: `the event ${type} with the id ${id} is larger than ${maxBytes} bytes; publish a reference to its data instead`,
	});
}
