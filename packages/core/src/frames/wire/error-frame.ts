import type { Method } from "../../contract/method.ts";
import { toBase64 } from "../../encoding/base64.ts";
import { codeFromNumber, codeNumber } from "../../errors/code.ts";
import { readErrorDetails } from "../../errors/details.ts";
import { type ServiceError, serviceErrorFrom } from "../../errors/service-error.ts";
import type { ByteHandling } from "../../transport/pipe.ts";
import { Flag, FrameType, maxFragmentBytes } from "./frame.ts";
import { type FrameWriter, metadataBlockBytes } from "./frame-writer.ts";
import { readMetadata } from "./metadata-block.ts";

/** The JSON in an ERROR frame, behind its code and metadata. */
interface ErrorBody {
	reason?: string | undefined;
	message?: string | undefined;
	data?: unknown;
	/** Protobuf messages, as base64 under their full names. */
	details?: unknown;
	retryAfterMs?: number | undefined;
	domain?: string | undefined;
}

/**
 * Begins the ERROR that ends a call: code (1), metadata, JSON. Parts that do not fit are left out: first the foreign
 * details, then the data, then the end of the message.
 *
 * @param path `service/method`: the service is the error's domain, where it names none.
 */
export function beginError(writer: FrameWriter, stream: number, error: ServiceError, path: string): void {
	const flags = error.notExecuted ? Flag.notExecuted : 0;
	const body = errorText({
		reason: error.reason,
		message: error.message,
		data: error.data,
		details: error.details?.map(({ type, value }) => ({ type, value: toBase64(value) })),
		retryAfterMs: error.retryAfterMs,
		domain: error.domain ?? path.slice(0, Math.max(0, path.lastIndexOf("/"))),
	});
	const { metadata } = error;
	const room = 1 + metadataBlockBytes(metadata) + body.length * 3;
	writer.begin(FrameType.error, flags, stream, room);
	writer.u8(codeNumber(error.code));
	writer.metadata(metadata);
	writer.text(body);
}

/** Reads an ERROR as the error that the caller gets. */
export function readError(
	flags: number,
	bytes: Uint8Array,
	start: number,
	end: number,
	handling: ByteHandling,
	method: Method,
): ServiceError {
	const { metadata, end: bodyStart } = readMetadata(bytes, start + 1, end, handling);
	const body = parseBody(handling.readText(bytes, bodyStart, end));
	return serviceErrorFrom(
		{
			code: codeFromNumber(bytes[start] ?? 0),
			reason: text(body.reason),
			message: text(body.message),
			data: body.data,
			details: readErrorDetails(body.details).details,
			retryAfterMs: typeof body.retryAfterMs === "number" ? body.retryAfterMs : undefined,
			...(metadata.size > 0 && { metadata }),
		},
		{
			domain: text(body.domain) ?? method.service,
			notExecuted: (flags & Flag.notExecuted) !== 0,
			callee: { method: method.path, answered: true },
		},
	);
}

/** The body as JSON, in so few UTF-16 units that it fits into a fragment whatever its characters are. */
function errorText(body: ErrorBody): string {
	const most = maxFragmentBytes / 3;
	const { details: _, ...own } = body;
	for (const candidate of [body, own, { ...own, data: undefined }]) {
		const text = tryStringify(candidate);
		if (text !== undefined && text.length <= most) return text;
	}
	const { reason, domain, retryAfterMs, message } = body;
	return JSON.stringify({
		reason: reason?.slice(0, 200),
		domain,
		retryAfterMs,
		message: message?.slice(0, 2000),
	});
}

function tryStringify(body: ErrorBody): string | undefined {
	try {
		return JSON.stringify(body);
	} catch {
		// JSON cannot carry the data. The error itself still has to get through.
		return undefined;
	}
}

function parseBody(json: string): ErrorBody {
	try {
		const body: unknown = JSON.parse(json);
		return typeof body === "object" && body !== null ? body : {};
	} catch {
		return {};
	}
}

function text(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}
