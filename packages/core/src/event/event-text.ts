import { ServiceError } from "../errors/service-error.ts";
import { isObject } from "../json/is-object.ts";
import type { EventRecord } from "./event-record.ts";

/**
 * An event as text: CloudEvents 1.0 in structured JSON, with the extensions `correlationid`, `causationid`,
 * `dataversion`, `notbefore`, `traceparent`, `tracestate`, and `xglobal…` for metadata. Logs store this text.
 *
 * See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 *
 * @throws ServiceError `resource_exhausted`, reason `event_too_large`, when it is longer than `maxBytes`.
 */
export function eventText(record: EventRecord, maxBytes: number): string {
	const { metadata, version, correlationId, causationId, notBefore, key, ...rest } = record;
	const { id, type, source, time, data, traceparent, tracestate } = rest;
	const text = JSON.stringify({
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
		...toExtensions(metadata),
		data,
	});
	// A UTF-16 unit has at most three bytes in UTF-8, so most texts need not be measured.
	if (text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes)
		throw tooLarge(record, maxBytes);
	return text;
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

/** {@link parseEvent} for what is parsed already. */
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
	return {
		id,
		type,
		version,
		source: optional(source) ?? "",
		time: optional(time) ?? "",
		data,
		correlationId: optional(parsed.correlationid) ?? id,
		...(isText(subject) && { key: subject }),
		...(notBefore !== undefined && { notBefore }),
		...(isText(parsed.causationid) && { causationId: parsed.causationid }),
		...(isText(parsed.traceparent) && { traceparent: parsed.traceparent }),
		...(isText(parsed.tracestate) && { tracestate: parsed.tracestate }),
		...fromExtensions(parsed),
	};
}

const prefix = "x-global-";
const extension = "xglobal";

/** Names of extensions are letters and digits alone, so that all but those are written as their codes. */
function toExtensions(metadata: EventRecord["metadata"]): Record<string, string> {
	const extensions: Record<string, string> = {};
	for (const [name, value] of Object.entries(metadata ?? {})) {
		const rest = name
			.slice(prefix.length)
			.replace(/[^a-yA-Y0-9]/g, (char) => `z${char.charCodeAt(0).toString(16)}z`);
		extensions[extension + rest] = value;
	}
	return extensions;
}

function fromExtensions(parsed: Record<string, unknown>): Pick<EventRecord, "metadata"> {
	const metadata: Record<string, string> = {};
	for (const [name, value] of Object.entries(parsed)) {
		if (!name.startsWith(extension) || typeof value !== "string") continue;
		const rest = name
			.slice(extension.length)
			.replace(/z([0-9a-f]+)z/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
		metadata[prefix + rest] = value;
	}
	return Object.keys(metadata).length > 0 ? { metadata } : {};
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
