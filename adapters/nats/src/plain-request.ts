import { Metadata, type ReadonlyMetadata, type ServiceError, toServiceError } from "@allium/core";
import { appendHeader, headerNameOf } from "@allium/core/http";
import type { Msg } from "@nats-io/transport-node";

/** How long a call may take whose request does not say it, in milliseconds. */
const defaultTimeoutMs = 30_000;

/** A request of a NATS client, as a call. */
export interface PlainRequest {
	/** `service/method`. */
	readonly path: string;
	readonly body: Uint8Array;
	/** The subject where the reply is awaited. */
	readonly reply: string;
	readonly metadata: ReadonlyMetadata;
	/** The timeout in the header `connect-timeout-ms`; 30 s without it. */
	readonly timeoutMs: number;
	/** The fault of its headers. Undefined if they are valid. */
	readonly error: ServiceError | undefined;
}

/** Reads a request for a service; undefined for a message that wants no reply. The last token of its subject is the method. */
export function readPlainRequest(service: string, message: Msg): PlainRequest | undefined {
	const { subject, data, reply = "" } = message;
	if (reply === "") return undefined;
	const path = `${service}/${subject.slice(subject.lastIndexOf(".") + 1)}`;
	const metadata = new Metadata();
	let timeoutMs = defaultTimeoutMs;
	let error: ServiceError | undefined;
	try {
		for (const [raw, values] of message.headers ?? []) {
			const header = headerNameOf(raw);
			if (header.name === "connect-timeout-ms") timeoutMs = readTimeout(values[0]) ?? timeoutMs;
			else if (!header.isProtocol && !header.name.startsWith("nats-")) {
				for (const value of values) appendHeader(metadata, header, value);
			}
		}
	} catch (thrown) {
		error = toServiceError(thrown);
	}
	return { path, body: data, reply, metadata, timeoutMs, error };
}

function readTimeout(text: string | undefined): number | undefined {
	return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
