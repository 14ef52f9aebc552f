import { type Format, type Method, type MethodCodecs, ServiceError } from "@allium/core";
import {
	type Compression,
	compressedFlag,
	EnvelopeReader,
	endStreamFlag,
	HttpMessages,
	streamTypeOf,
	toConnectError,
	trailersToJson,
} from "@allium/core/http";
import { callIsOver, canceled, type IncomingMessages, type Place } from "@allium/core/transport";
import { decodeMessage, type PendingBody } from "../http/body.ts";
import { gzip } from "../http/compression.ts";
import { writeEnvelope } from "../http/envelope.ts";
import type { BodyReader } from "../http/http-request.ts";
import { checkHead } from "../http/request-head.ts";
import type { CallProtocol, Exchange } from "./exchange.ts";
import { type OutputFraming, OutputPump } from "./output-pump.ts";

/**
 * A call with a stream on either side, as Connect defines it: envelopes both ways, always status 200, and an end that
 * carries the outcome. Over HTTP/2 both sides flow at the same time.
 */
export class ConnectStream implements CallProtocol, OutputFraming, PendingBody {
	readonly contentType: string;
	readonly #exchange: Exchange;
	readonly #method: Method;
	readonly #codecs: MethodCodecs;
	readonly #pump: OutputPump;
	#input: MessageInput | undefined;
	/** Set while the single message of an input without a stream has not arrived. */
	#inputDue: Place | undefined;

	/** @param codecs the codecs of the method, in the format of the request. */
	constructor(exchange: Exchange, method: Method, codecs: MethodCodecs, format: Format) {
		this.contentType = streamTypeOf(format);
		this.#exchange = exchange;
		this.#method = method;
		this.#codecs = codecs;
		this.#pump = new OutputPump(exchange, this);
	}

	/** The only message of the request did not arrive in time. */
	expire(): void {
		const message = `the input did not arrive within ${this.#exchange.host.bodyBounds.timeoutMs} ms`;
		this.#exchange.fail(new ServiceError({ code: "deadline_exceeded", reason: "body_timeout", message }));
	}

	read(): unknown {
		const { head } = this.#exchange;
		checkHead(head);
		const compression = compressionOf(head.connectContentEncoding ?? head.contentEncoding);
		const isSingle = this.#method.kind === "server_stream";
		const input = new MessageInput(this.#exchange, this.#codecs, compression);
		this.#input = input;
		// With a single message, the end of the input means nothing to the handler.
		this.#exchange.request.readBody(input, !isSingle);
		return isSingle ? this.#single(input.incoming.messages) : input.incoming.messages;
	}

	reply(output: unknown): void {
		if (this.#method.kind !== "client_stream") this.#pump.send(output as AsyncIterable<unknown>);
		else {
			const message = this.frame(output);
			this.#pump.sendHead();
			this.#exchange.response.write(message);
			this.sendEnd();
		}
	}

	replyError(error: ServiceError): void {
		this.#pump.sendHead();
		this.#sendLast({ error: toConnectError(error, this.#method.service) }, error);
	}

	frame(message: unknown): Buffer {
		return writeEnvelope(0, this.#exchange.call.encode<string | Uint8Array>(this.#codecs.output, message));
	}

	sendEnd(): void {
		this.#sendLast({});
	}

	stop(error: ServiceError): void {
		this.#inputDue?.leave();
		this.#input?.incoming.messages.cut(error);
		this.#pump.stop();
	}

	/** The input of a method that takes one message. */
	async #single(messages: IncomingMessages<Uint8Array>): Promise<unknown> {
		const due = this.#exchange.host.bodyBounds.pending.add(this);
		this.#inputDue = due;
		try {
			const first = await messages.next();
			if (first.done === true) throw wrongCount("none");
			const second = await messages.next();
			if (second.done !== true) throw wrongCount("more");
			return first.value;
		} finally {
			due.leave();
		}
	}

	#sendLast(end: { error?: unknown }, error?: ServiceError): void {
		const { response } = this.#exchange.call;
		const metadata = trailersToJson(response.hasTrailers ? response.trailers : undefined, error?.metadata);
		const body = Object.keys(metadata).length === 0 ? end : { ...end, metadata };
		this.#exchange.finish(writeEnvelope(endStreamFlag, JSON.stringify(body)));
		this.#input?.incoming.messages.cut(callIsOver);
	}
}

/** The messages of a request, from the envelopes of its body. */
class MessageInput implements BodyReader {
	readonly incoming: HttpMessages;
	readonly #exchange: Exchange;
	readonly #codecs: MethodCodecs;
	readonly #compression: Compression | undefined;
	readonly #reader: EnvelopeReader;
	/** The waiting messages that are compressed. Each one is inflated when it is consumed. */
	readonly #compressed = new WeakSet<Uint8Array>();
	#isBroken = false;

	constructor(exchange: Exchange, codecs: MethodCodecs, compression: Compression | undefined) {
		const { request } = exchange;
		this.#exchange = exchange;
		this.#codecs = codecs;
		this.#compression = compression;
		this.incoming = new HttpMessages({
			pause: () => request.pause(),
			resume: () => request.resume(),
			// The rest of the body is read and dropped.
			stopped: () => request.resume(),
			decode: (message) => this.#decode(message),
		});
		const { maxBytes } = exchange.host.bodyBounds;
		const take = (flags: number, message: Uint8Array): void => this.#take(flags, message);
		this.#reader = new EnvelopeReader(maxBytes, take, compression !== undefined);
	}

	data(chunk: Buffer): void {
		if (this.#isBroken) return;
		try {
			this.#reader.push(chunk);
		} catch (error) {
			this.#break(error as ServiceError);
		}
	}

	end(): void {
		if (this.#reader.partial) this.#break(malformed("the request ended within a message"));
		else this.incoming.messages.end();
	}

	broken(): void {
		this.incoming.messages.fail(canceled());
	}

	#take(flags: number, message: Uint8Array): void {
		if ((flags & ~compressedFlag) !== 0) throw malformed(`an envelope of a request has the flags ${flags}`);
		if ((flags & compressedFlag) !== 0) this.#compressed.add(message);
		this.incoming.push(message);
	}

	#decode(message: Uint8Array): unknown {
		const { maxBytes } = this.#exchange.host.bodyBounds;
		const isCompressed = this.#compression !== undefined && this.#compressed.has(message);
		const bytes = isCompressed ? this.#compression.inflate(message, maxBytes) : message;
		return decodeMessage(this.#codecs.input, bytes);
	}

	#break(error: ServiceError): void {
		this.#isBroken = true;
		this.incoming.messages.fail(error);
		this.#exchange.request.resume();
		this.#exchange.fail(error);
	}
}

/** @throws ServiceError `unimplemented` for a compression that is not supported. */
function compressionOf(encoding: string | undefined): Compression | undefined {
	if (encoding === undefined || encoding === "" || encoding === "identity") return undefined;
	if (encoding === gzip.name) return gzip;
	const message = `messages of a stream are not read as ${JSON.stringify(encoding)}; send them as gzip, or uncompressed (identity)`;
	throw new ServiceError({ code: "unimplemented", message });
}

function malformed(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", reason: "unparsable", message });
}

function wrongCount(count: "none" | "more"): ServiceError {
	const message = `the method takes exactly one message; the request has ${count}`;
	return new ServiceError({ code: "unimplemented", message });
}
