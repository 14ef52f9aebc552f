import { type AnyEvent, type EventValue, isServiceError, jsonCodec, ServiceError } from "@allium/core";
import { readEvent, readEventObject } from "@allium/core/event";
import { readText } from "../http/body.ts";
import type { HttpRequest } from "../http/http-request.ts";
import { invalid } from "../http/request-head.ts";

/** The contract whose events may be posted. A request is read against it. */
export interface Accepted {
	readonly topic: string;
	readonly events: readonly AnyEvent[];
}

/** An attribute of one CloudEvent, by its name. */
type Attributes = Readonly<Record<string, unknown>>;

export const structuredType = "application/cloudevents+json";
export const batchType = "application/cloudevents-batch+json";

const jsonType = /^application\/(?:[^;\s]+\+)?json$/;
const prefix = "ce-";

/** The longest id and source, in UTF-16 code units. */
const longestName = 1024;

/** How a request carries its events. */
export type ContentMode = "structured" | "binary" | "batch";

/**
 * The content mode of a request, by its head.
 *
 * See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 *
 * @param mediaType that of the request, without parameters.
 * @throws ServiceError `invalid_argument`: with the reason `unsupported_media_type` for a format that is not read.
 */
export function contentMode(request: HttpRequest, mediaType: string | undefined): ContentMode {
	if (mediaType === structuredType) return "structured";
	if (mediaType === batchType) return "batch";
	const isOther = mediaType?.startsWith("application/cloudevents") === true;
	if (!isOther && mediaType !== undefined && jsonType.test(mediaType)) {
		if (request.header("ce-specversion") !== undefined) return "binary";
		throw invalid(`this is no CloudEvent: send it as ${structuredType}, or its attributes as headers ce-…`);
	}
	throw new ServiceError({
		code: "invalid_argument",
		reason: "unsupported_media_type",
		message: `events are read as ${structuredType}, ${batchType}, or application/json with headers ce-…, and not as ${mediaType ?? "a body without a type"}`,
	});
}

/**
 * The events of a request, to be published together. Their data are validated when they are published.
 *
 * Rejects with `invalid_argument` for anything that is no event, `not_found`, reason `unknown_event`, for an event of
 * an unknown type, and `failed_precondition` for an event of an unknown version.
 */
export function readEvents(
	request: HttpRequest,
	mode: ContentMode,
	body: Uint8Array,
	accepted: Accepted,
): Promise<readonly EventValue[]> {
	const sent = mode === "binary" ? binary(request, body) : jsonCodec.decode(readText(body));
	const list: readonly unknown[] = mode === "batch" ? listOf(sent) : [sent];
	const isOne = mode !== "batch";
	return Promise.all(
		list.map(async (each, index) => {
			try {
				return await eventOf(each, accepted);
			} catch (error) {
				throw isOne ? error : inBatch(error, index);
			}
		}),
	);
}

/** The event of a request whose body is the data alone. */
function binary(request: HttpRequest, body: Uint8Array): Attributes {
	const attributes: Record<string, unknown> = {};
	const { rawHeaders } = request;
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		const name = (rawHeaders[index] ?? "").toLowerCase();
		if (name.startsWith(prefix))
			attributes[name.slice(prefix.length)] = headerText(rawHeaders[index + 1] ?? "");
	}
	return { ...attributes, datacontenttype: "application/json", data: jsonCodec.decode(readText(body)) };
}

/** The text of a header, which is percent-encoded. A text with a malformed encoding stays as it is. */
function headerText(value: string): string {
	const text = /^"(.*)"$/.exec(value)?.[1]?.replace(/\\(.)/g, "$1") ?? value;
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

function listOf(sent: unknown): readonly unknown[] {
	if (Array.isArray(sent)) return sent;
	throw invalid("a batch is a JSON array of events");
}

async function eventOf(sent: unknown, { topic, events }: Accepted): Promise<EventValue> {
	const attributes = attributesOf(sent);
	const record = readEventObject(attributes);
	if ("fault" in record) throw invalid(`this is no CloudEvent: ${record.fault}`);
	const { id, source, version, correlationId, causationId, traceparent, tracestate, metadata } = record;
	checkName("id", id);
	checkName("source", source);
	const of = events.find(({ type }) => type === record.type);
	if (of === undefined) throw unknownType(topic, events);
	const data = version === of.version ? record.data : await readEvent(of, record);
	return {
		type: of.type,
		topic,
		name: of.name,
		of,
		id,
		data,
		...(record.notBefore !== undefined && { notBefore: new Date(record.notBefore).toISOString() }),
		stamp: {
			source,
			correlationId,
			...(causationId !== undefined && { causationId }),
			...(traceparent !== undefined && { traceparent }),
			...(tracestate !== undefined && { tracestate }),
			...(metadata !== undefined && { metadata }),
		},
	};
}

function attributesOf(sent: unknown): Attributes {
	if (typeof sent !== "object" || sent === null || Array.isArray(sent))
		throw invalid("this is no CloudEvent: it is no JSON object; several of them are a batch");
	const attributes: Attributes = { ...sent };
	const { specversion, datacontenttype = "application/json", data_base64 } = attributes;
	if (specversion === undefined) throw invalid('this is no CloudEvent: it has no "specversion"');
	if (specversion !== "1.0") throw invalid('this is no CloudEvent of version 1.0: its "specversion" says so');
	if (data_base64 !== undefined)
		throw invalid('"data_base64" is not read: the data of events are JSON, in "data"');
	if (typeof datacontenttype === "string" && jsonType.test(datacontenttype.split(";", 1)[0]?.trim() ?? "")) {
		return attributes;
	}
	throw invalid('the data of events are JSON, and "datacontenttype" says that these are not');
}

function checkName(attribute: string, text: string): void {
	if (text === "") throw invalid(`this is no CloudEvent: it has no "${attribute}"`);
	if (text.length <= longestName && text.isWellFormed() && !text.includes("\0")) return;
	throw invalid(`"${attribute}" is longer than ${longestName} characters, or has some that are none`);
}

function unknownType(topic: string, events: readonly AnyEvent[]): ServiceError {
	const known = events.map(({ type }) => type).join(", ");
	const message = `"${topic}" has no event of this type; its events are ${known}`;
	return new ServiceError({ code: "not_found", reason: "unknown_event", message });
}

/** The same error, with the place of the event. */
function inBatch(thrown: unknown, index: number): unknown {
	if (!isServiceError(thrown)) return thrown;
	const { code, reason, data, message } = thrown;
	return new ServiceError({ code, reason, data, message: `event ${index + 1} of the batch: ${message}` });
}
