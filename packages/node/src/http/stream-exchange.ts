import { isUtf8 } from "node:buffer";
import { jsonCodec, type Method, ServiceError } from "@allium/core";
import {
	canceled,
	EnvelopeReader,
	endStreamFlag,
	MessageStream,
	streamType,
	toConnectError,
	trailersToJson,
} from "@allium/core/transport";
import { bufferBytes } from "../pipe/buffer-bytes.ts";
import { notUtf8, type PendingBody } from "./body.ts";
import { writeEnvelope } from "./envelope.ts";
import { Exchange } from "./exchange.ts";
import { writeMetadata } from "./headers.ts";
import { checkHead } from "./request-head.ts";
import { Turn } from "./turn.ts";

/**
 * A call with a stream on either side: envelopes both ways, always status 200, and an end that tells how it
 * went. Over HTTP/2 both sides flow at once.
 */
export class StreamExchange extends Exchange implements PendingBody {
	#input: MessageStream | undefined;
	#output: AsyncIterator<unknown> | undefined;
	#headSent = false;
	/** Continues the producer when the client reads on. */
	#wake: (() => void) | undefined;

	/** A request whose only message did not arrive in time. */
	expire(): void {
		const message = `the input did not arrive within ${this.server.bodyBounds.timeoutMs} ms`;
		this.fail(new ServiceError({ code: "deadline_exceeded", reason: "body_timeout", message }));
	}

	protected readonly read = (): unknown => {
		const { head } = this;
		checkHead(head, head.connectContentEncoding ?? head.contentEncoding);
		const input = this.#receive();
		const { kind } = (this.call.served as { method: Method }).method;
		return kind === "server_stream" ? this.#single(input) : input;
	};

	protected readonly onReply = (output: unknown): void => {
		if (this.over) return;
		const { kind } = (this.call.served as { method: Method }).method;
		if (kind === "client_stream") this.#reply(output);
		else this.#pump(output as AsyncIterable<unknown>).catch((error) => this.fail(error));
	};

	protected answerError(error: ServiceError): void {
		const service = this.call.served?.method.service ?? "";
		this.#sendHead();
		this.#sendEnd({ error: toConnectError(error, service) }, error);
	}

	protected stop(error: ServiceError): void {
		this.server.bodyBounds.pending.delete(this);
		this.#input?.fail(error);
		const output = this.#output;
		this.#output = undefined;
		// A producer that fails while it is being stopped has nobody left to tell.
		output?.return?.().then(undefined, nothing);
		this.#wake?.();
	}

	#receive(): MessageStream {
		const { request } = this;
		const input = new MessageStream({
			pause: () => request.pause(),
			resume: () => request.resume(),
			// What still comes is read and thrown away.
			stopped: () => request.resume(),
			decode: decodeMessage,
		});
		const reader = new EnvelopeReader(this.server.bodyBounds.maxBytes, (flags, message) => {
			if (flags !== 0) throw malformed(`an envelope of a request has the flags ${flags}`);
			input.push(message);
		});
		const broken = (error: ServiceError): void => {
			request.removeListener("data", onData);
			request.resume();
			input.fail(error);
			this.fail(error);
		};
		const onData = (chunk: Buffer): void => {
			try {
				reader.push(chunk);
			} catch (error) {
				broken(error as ServiceError);
			}
		};
		request.on("data", onData);
		request.on("end", () => {
			if (reader.partial) broken(malformed("the request ended within a message"));
			else input.end();
		});
		request.on("error", nothing);
		request.on("close", () => input.fail(canceled()));
		this.#input = input;
		return input;
	}

	/** The input of a method that takes one message. */
	async #single(input: MessageStream): Promise<unknown> {
		const { pending } = this.server.bodyBounds;
		pending.add(this);
		try {
			const first = await input.next();
			if (first.done === true) throw wrongCount("none");
			const second = await input.next();
			if (second.done !== true) throw wrongCount("more");
			return first.value;
		} finally {
			pending.delete(this);
		}
	}

	#reply(output: unknown): void {
		try {
			const message = writeEnvelope(0, jsonCodec.encode(output));
			this.#sendHead();
			this.response.write(message);
			this.#sendEnd({});
		} catch (error) {
			this.fail(error);
		}
	}

	/**
	 * Sends what the handler yields, as fast as the client reads. The head goes out with the first message, so
	 * that a generator can set headers before it; or a turn of the loop later, so that the caller knows that
	 * the call was accepted.
	 */
	async #pump(messages: AsyncIterable<unknown>): Promise<void> {
		const output = messages[Symbol.asyncIterator]();
		this.#output = output;
		setImmediate(() => this.#sendHead());
		const turn = new Turn();
		while (!this.over) {
			const result = await output.next();
			if (this.over) return;
			if (result.done === true) {
				this.#output = undefined;
				this.#sendHead();
				this.#sendEnd({});
				return;
			}
			const envelope = writeEnvelope(0, jsonCodec.encode(result.value));
			this.#sendHead();
			if (!this.response.write(envelope)) await this.#drained();
			if (turn.spent(envelope.length)) await turn.next();
		}
	}

	#drained(): Promise<void> {
		if (this.response.destroyed) return Promise.resolve();
		return new Promise((resolve) => {
			this.#wake = () => {
				this.#wake = undefined;
				resolve();
			};
			this.response.once("drain", this.#wake);
		});
	}

	#sendHead(): void {
		if (this.#headSent || this.over) return;
		this.#headSent = true;
		const headers = this.headers(streamType);
		const { response } = this.call;
		if (response.hasHeaders) writeMetadata(headers, response.headers);
		this.response.writeHead(200, headers);
		this.response.flushHeaders?.();
	}

	#sendEnd(end: { error?: unknown; metadata?: unknown }, error?: ServiceError): void {
		const { response } = this.call;
		const metadata = trailersToJson(response.hasTrailers ? response.trailers : undefined, error?.metadata);
		const body = Object.keys(metadata).length === 0 ? end : { ...end, metadata };
		this.finish(writeEnvelope(endStreamFlag, JSON.stringify(body)));
		this.#input?.return();
	}
}

/** Reads one message of a stream. */
function decodeMessage(message: Uint8Array): unknown {
	if (!isUtf8(message)) throw notUtf8();
	return jsonCodec.decode(bufferBytes.readText(message, 0, message.length));
}

function malformed(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", reason: "unparsable", message });
}

function wrongCount(count: "none" | "more"): ServiceError {
	const message = `the method takes exactly one message; the request has ${count}`;
	return new ServiceError({ code: "unimplemented", message });
}

function nothing(): void {}
