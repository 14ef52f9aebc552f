import {
	type Codec,
	type EncodedMessage,
	jsonCodec,
	jsonFormat,
	type MethodCodecs,
	methodCodecs,
	type ServiceError,
} from "@allium/core";
import { toConnectError, trailersToJson } from "@allium/core/http";
import { isServerStopping } from "@allium/core/transport";
import { readText } from "../http/body.ts";
import { callPathOf, type HttpRequest, isGet } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import { readQuery } from "../http/query.ts";
import { checkHead } from "../http/request-head.ts";
import type { CallProtocol, Exchange } from "./exchange.ts";
import { type OutputFraming, OutputPump } from "./output-pump.ts";
import type { Port, PortProtocol } from "./port-protocol.ts";
import { eventId, type Resumption, resumptionMistake, resumptionOf } from "./resumption.ts";

/** The content type of server-sent events. */
const eventStreamType = "text/event-stream";

/** How often something is sent while the handler sends nothing, so that no proxy considers the stream dead. */
const heartbeatMs = 15_000;

/** The id of the last event. A browser that connects again names it, and is then told to stop. */
const endId = "end";

/** Server-sent events, for `EventSource`: a GET that accepts them, for a `read` method that yields a stream. */
export const eventStreams: PortProtocol = {
	name: "event streams",
	claims: [
		{
			match(request, endpoints) {
				if (!isGet(request)) return false;
				if (request.header("accept")?.includes(eventStreamType) !== true) return false;
				const method = endpoints.find(callPathOf(request))?.method;
				return method?.kind === "server_stream" && method.effect === "read";
			},
		},
	],
	open: (port) => {
		for (const method of port.endpoints.contracts.flatMap((contract) => contract["~allium"].methods)) {
			const mistake = resumptionMistake(method);
			if (mistake !== undefined) port.logger.log("warn", mistake);
		}
		return { handle: (request, response) => handle(port, request, response) };
	},
};

function handle(port: Port, request: HttpRequest, response: HttpResponse): void {
	// EventSource connects again whenever a stream ends, unless it is told that nothing more comes.
	if (request.header("last-event-id") === endId) {
		response.endWithHead(204, {});
		return;
	}
	const path = callPathOf(request);
	port.call(request, response, { path, protocol: (exchange) => new EventStream(exchange) });
}

/**
 * Sends a stream of replies as server-sent events: one event for each message, then `event: end`, or `event: error`
 * with the error as JSON. The status is always 200, so that a page can read the error.
 */
class EventStream implements CallProtocol, OutputFraming {
	readonly contentType: string = eventStreamType;
	// Without the second header, proxies such as nginx hold answers back.
	readonly headers = { "cache-control": "no-store", "x-accel-buffering": "no" };
	readonly #exchange: Exchange;
	readonly #pump: OutputPump;
	readonly #codecs: MethodCodecs;
	readonly #resumption: Resumption | undefined;
	#heartbeat: ReturnType<typeof setInterval> | undefined;

	constructor(exchange: Exchange) {
		const { method } = exchange.call.served ?? {};
		this.#exchange = exchange;
		this.#codecs = (method && methodCodecs(method, jsonFormat)) ?? plainJson;
		this.#resumption = method && resumptionOf(method);
		this.#pump = new OutputPump(exchange, this);
	}

	read(): unknown {
		const { head, request } = this.#exchange;
		checkHead(head);
		const input = readQuery(request.target).get("input") ?? "{}";
		const lastId = request.header("last-event-id");
		const isResumed = this.#resumption !== undefined && lastId !== undefined && lastId !== "";
		return decodeText(this.#codecs.input, isResumed ? resumed(input, this.#resumption.input, lastId) : input);
	}

	reply(output: unknown): void {
		this.#pump.send(output as AsyncIterable<unknown>);
		// The answer to a HEAD is over by now.
		if (!this.#exchange.isOver) this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
	}

	replyError(error: ServiceError): void {
		this.#pump.sendHead();
		const service = this.#exchange.call.served?.method.service ?? "";
		this.#sendLast("error", toConnectError(error, service), error);
	}

	frame(message: unknown): Buffer {
		const encoded = this.#exchange.call.encode<EncodedMessage>(this.#codecs.output, message);
		const text = typeof encoded === "string" ? encoded : readText(encoded);
		// JSON that is handed on unchanged may contain line breaks, and a line break would end the data of the event.
		const data = /[\r\n]/.test(text) ? JSON.stringify(JSON.parse(text)) : text;
		const id = this.#resumption && eventId(this.#resumption, JSON.parse(text));
		return Buffer.from(id === undefined ? `data: ${data}\n\n` : `id: ${id}\ndata: ${data}\n\n`);
	}

	sendEnd(): void {
		this.#sendLast("end", {});
	}

	stop(): void {
		clearInterval(this.#heartbeat);
		this.#pump.stop();
	}

	#beat(): void {
		if (this.#exchange.isOver || this.#pump.isWaiting) return;
		this.#pump.sendHead();
		this.#exchange.response.write(Buffer.from(":\n\n"));
	}

	#sendLast(event: string, body: object, error?: ServiceError): void {
		clearInterval(this.#heartbeat);
		const { response } = this.#exchange.call;
		const metadata = trailersToJson(response.hasTrailers ? response.trailers : undefined, error?.metadata);
		const data = Object.keys(metadata).length === 0 ? body : { ...body, metadata };
		// Without that id, EventSource connects again, and reaches another instance.
		const id = error !== undefined && isServerStopping(error) ? "" : `id: ${endId}\n`;
		this.#exchange.finish(`event: ${event}\n${id}data: ${JSON.stringify(data)}\n\n`);
	}
}

/** The codecs for a method that has gone meanwhile. The call then says so. */
const plainJson: MethodCodecs = { input: jsonCodec, output: jsonCodec };

/** The input of a stream that continues after a message. */
function resumed(input: string, member: string, lastId: string): string {
	return JSON.stringify({ ...Object(jsonCodec.decode(input)), [member]: jsonCodec.decode(lastId) });
}

function decodeText(codec: Codec, text: string): unknown {
	return codec.binary ? codec.decode(Buffer.from(text)) : codec.decode(text);
}
