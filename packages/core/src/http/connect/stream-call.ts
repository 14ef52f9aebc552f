import { canceled } from "../../context/cancellation.ts";
import type { Context } from "../../context/context.ts";
import type { Metadata } from "../../context/metadata.ts";
import { type ServiceError, toServiceError } from "../../errors/service-error.ts";
import { decodeBytes, readMessage } from "../../transport/message-text.ts";
import { ownDeadline } from "../../transport/own-deadline.ts";
import { readConnectError } from "./connect-error.ts";
import { compressedFlag, EnvelopeReader, endStreamFlag } from "./envelope.ts";
import { readHeaders, trailersFromJson } from "./headers.ts";
import { HttpCall } from "./http-call.ts";
import type { HttpCallee } from "./http-callee.ts";
import { HttpMessages } from "./http-messages.ts";
import {
	connectionLost,
	foreign,
	hasType,
	protocolError,
	type ResponseHeaders,
	unreadable,
} from "./response-error.ts";

/** A call with a stream on either side. Its promise resolves when the call is accepted, or with the single reply. */
export class StreamCall extends HttpCall {
	/** Ends the input, where it is a stream. */
	readonly #stopInput: (() => void) | undefined;
	readonly #incoming: HttpMessages;
	readonly #envelopes: EnvelopeReader;
	/** Whether the response turned out to be a stream. */
	#streaming = false;
	/** Whether the promise was resolved with the messages. From then on, an error ends the messages. */
	#accepted = false;
	/** The single reply, where the output is not a stream. */
	#reply: Uint8Array | undefined;

	/** @param stopInput ends the input when the call is over, where it is a stream. */
	constructor(callee: HttpCallee, ctx: Context, stopInput?: () => void) {
		super(callee, ctx);
		this.#stopInput = stopInput;
		this.#incoming = new HttpMessages({
			pause: () => this.pause(),
			resume: () => this.resume(),
			stopped: () => this.abort(canceled()),
			decode: (message) => this.#decode(message),
		});
		const envelope = (flags: number, message: Uint8Array): void => this.#envelope(flags, message);
		this.#envelopes = new EnvelopeReader(callee.maxMessageBytes, envelope, callee.compression !== undefined);
	}

	#envelope(flags: number, sent: Uint8Array): void {
		if (this.over) return;
		const { method, compression, maxMessageBytes } = this.callee;
		const isDeflated = compression !== undefined && (flags & compressedFlag) !== 0;
		const message = isDeflated ? compression.inflate(sent, maxMessageBytes) : sent;
		const kind = isDeflated ? flags & ~compressedFlag : flags;
		if (kind === 0) this.#arrived(message);
		else if (kind === endStreamFlag) this.#ended(message);
		else this.abort(protocolError(method, `an envelope of the answer has the flags ${flags}`));
	}

	override answered(status: number, headers: ResponseHeaders): void {
		super.answered(status, headers);
		if (status !== 200 || !hasType(headers, this.callee.contentType)) return;
		this.#streaming = true;
		this.ctx["~received"]?.["~receive"]("headers", readHeaders(headers, false).headers);
		if (this.callee.method.kind === "client_stream") return;
		this.#accepted = true;
		this.resolve(this.#incoming.messages);
	}

	received(chunk: Uint8Array): void {
		if (!this.#streaming) {
			this.hold(chunk);
			return;
		}
		try {
			this.#envelopes.push(chunk);
		} catch (error) {
			this.abort(foreign(this.callee.method, toServiceError(error)));
		}
	}

	completed(): void {
		if (!this.#streaming) this.finishBody();
		// A complete stream would be over by now.
		else this.fail(connectionLost(this.callee.method, "the answer broke off before its last message"));
	}

	protected override fail(error: ServiceError): void {
		if (this.over) return;
		super.fail(error);
		this.#incoming.messages.fail(error);
	}

	protected override close(): void {
		super.close();
		this.#stopInput?.();
	}

	/** Takes the last envelope, which tells the outcome of the call. It is JSON, whatever the format. */
	#ended(message: Uint8Array): void {
		let end: { error?: unknown; metadata?: unknown };
		try {
			end = Object(JSON.parse(readMessage(this.callee.bytes, message, 0, message.length)));
		} catch {
			this.abort(protocolError(this.callee.method, "the end of the answer is not JSON"));
			return;
		}
		const trailers = trailersFromJson(end.metadata);
		this.ctx["~received"]?.["~receive"]("trailers", trailers);
		if (end.error !== undefined) this.fail(ownDeadline(this.#error(end.error, trailers), this.ctx));
		else if (this.#accepted) {
			this.close();
			this.#incoming.messages.end();
		} else this.#finishSingle();
	}

	#arrived(message: Uint8Array): void {
		const { method } = this.callee;
		if (method.kind !== "client_stream") this.#incoming.push(message);
		else if (this.#reply === undefined) this.#reply = message;
		else this.abort(protocolError(method, `${method.path} answered more than one message`));
	}

	/** Ends a call whose output is one message. */
	#finishSingle(): void {
		if (this.#reply === undefined) {
			this.fail(protocolError(this.callee.method, "the reply is missing"));
			return;
		}
		let output: unknown;
		try {
			output = this.#decode(this.#reply);
		} catch {
			// The call has ended with this error already.
			return;
		}
		this.close();
		this.resolve(output);
	}

	#error(json: unknown, metadata: Metadata): ServiceError {
		const { method } = this.callee;
		return readConnectError(json, { method, code: "unknown", message: `${method.path} failed`, metadata });
	}

	#decode(message: Uint8Array): unknown {
		const { method, codecs, bytes } = this.callee;
		try {
			return decodeBytes(codecs.output, bytes, message);
		} catch (cause) {
			const error = unreadable(method, "a message of the answer", codecs.output, cause);
			this.abort(error);
			throw error;
		}
	}
}
