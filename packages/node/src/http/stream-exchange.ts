import { isUtf8 } from "node:buffer";
import { jsonCodec, type Method, ServiceError } from "@allium/core";
import {
	EnvelopeReader,
	endStreamFlag,
	MessageStream,
	streamType,
	toConnectError,
	trailersToJson,
} from "@allium/core/http";
import { callIsOver, canceled, type Place } from "@allium/core/transport";
import { bufferBytes } from "../pipe/buffer-bytes.ts";
import { notUtf8, type PendingBody } from "./body.ts";
import { writeEnvelope } from "./envelope.ts";
import { checkHead, isReset } from "./request-head.ts";
import { StreamingExchange } from "./streaming-exchange.ts";

/**
 * A call with a stream on either side: envelopes both ways, always status 200, and an end that tells how it
 * went. Over HTTP/2 both sides flow at once.
 */
export class StreamExchange extends StreamingExchange implements PendingBody {
	protected readonly contentType: string = streamType;
	#input: MessageStream | undefined;
	/** While the one message of an input that is none must arrive. */
	#inputDue: Place | undefined;

	/** A request whose only message did not arrive in time. */
	expire(): void {
		const message = `the input did not arrive within ${this.server.bodyBounds.timeoutMs} ms`;
		this.fail(new ServiceError({ code: "deadline_exceeded", reason: "body_timeout", message }));
	}

	protected read(): unknown {
		const { head } = this;
		checkHead(head);
		checkEncoding(head.connectContentEncoding ?? head.contentEncoding);
		const { kind } = (this.call.served as { method: Method }).method;
		return kind === "server_stream" ? this.#single(this.#receive(false)) : this.#receive(true);
	}

	protected onReply(output: unknown): void {
		if (this.over) return;
		const { kind } = (this.call.served as { method: Method }).method;
		if (kind === "client_stream") this.#reply(output);
		else this.pump(output as AsyncIterable<unknown>);
	}

	protected answerError(error: ServiceError): void {
		const service = this.call.served?.method.service ?? "";
		this.sendHead();
		this.#sendLast({ error: toConnectError(error, service) }, error);
	}

	protected frame(text: string): Buffer {
		return writeEnvelope(0, text);
	}

	protected sendEnd(): void {
		this.#sendLast({});
	}

	protected override stop(error: ServiceError): void {
		this.#inputDue?.leave();
		this.#input?.cut(error);
		super.stop(error);
	}

	/** @param asStream whether the end of the messages means something to the handler. */
	#receive(asStream: boolean): MessageStream {
		const { request } = this;
		const ends = asStream ? this.server.loadOf(request)?.ends : undefined;
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
		const onEnd = (): void => {
			if (isReset(request)) input.fail(canceled());
			else if (reader.partial) broken(malformed("the request ended within a message"));
			else input.end();
		};
		request.on("end", () => {
			if (ends === undefined) onEnd();
			else ends.settle(onEnd);
		});
		request.on("error", nothing);
		request.on("close", () => input.fail(canceled()));
		this.#input = input;
		return input;
	}

	/** The input of a method that takes one message. */
	async #single(input: MessageStream): Promise<unknown> {
		const due = this.server.bodyBounds.pending.add(this);
		this.#inputDue = due;
		try {
			const first = await input.next();
			if (first.done === true) throw wrongCount("none");
			const second = await input.next();
			if (second.done !== true) throw wrongCount("more");
			return first.value;
		} finally {
			due.leave();
		}
	}

	#reply(output: unknown): void {
		try {
			const message = writeEnvelope(0, this.call.encode(jsonCodec, output));
			this.sendHead();
			this.response.write(message);
			this.sendEnd();
		} catch (error) {
			this.fail(error);
		}
	}

	#sendLast(end: { error?: unknown; metadata?: unknown }, error?: ServiceError): void {
		const { response } = this.call;
		const metadata = trailersToJson(response.hasTrailers ? response.trailers : undefined, error?.metadata);
		const body = Object.keys(metadata).length === 0 ? end : { ...end, metadata };
		this.finish(writeEnvelope(endStreamFlag, JSON.stringify(body)));
		this.#input?.cut(callIsOver);
	}
}

/** Refuses messages that are compressed. */
function checkEncoding(encoding: string | undefined): void {
	if (encoding === undefined || encoding === "" || encoding === "identity") return;
	const message = `messages of a stream are not read as ${JSON.stringify(encoding)}; send them uncompressed (identity)`;
	throw new ServiceError({ code: "unimplemented", message });
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
