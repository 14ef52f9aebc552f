import type { OutgoingHttpHeaders } from "node:http";
import { jsonCodec, type ServiceError } from "@allium/core";
import { toConnectError, trailersToJson } from "@allium/core/http";
import { readQuery } from "./query.ts";
import { checkHead } from "./request-head.ts";
import { StreamingExchange } from "./streaming-exchange.ts";

/** The content type of server-sent events. */
export const eventStreamType = "text/event-stream";

/** How often something is sent where the handler sends nothing, so that no proxy takes the stream for dead. */
const heartbeatMs = 15_000;

/** The id of the last event: a browser that connects again says it, and is told to stay away. */
const endId = "end";

/**
 * A stream of replies as server-sent events, for `EventSource`: an event for each message, then `event: end`, or
 * `event: error` with the error as JSON. The status is always 200, so that a page can read what went wrong.
 */
export class EventStreamExchange extends StreamingExchange {
	protected readonly contentType: string = eventStreamType;
	#heartbeat: ReturnType<typeof setInterval> | undefined;

	override begin(): void {
		// EventSource connects again whenever a stream ends, unless it is told that there is no more.
		if (this.request.headers["last-event-id"] === endId) {
			this.response.writeHead(204, {});
			this.response.end("");
		} else super.begin();
	}

	protected read(): unknown {
		checkHead(this.head);
		const input = readQuery(this.request.url ?? "").get("input");
		return input === null ? {} : jsonCodec.decode(input);
	}

	protected onReply(output: unknown): void {
		if (this.over) return;
		this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
		this.pump(output as AsyncIterable<unknown>);
	}

	protected frame(text: string): Buffer {
		return Buffer.from(`data: ${text}\n\n`);
	}

	protected sendEnd(): void {
		this.#sendLast("end", {});
	}

	protected answerError(error: ServiceError): void {
		this.sendHead();
		this.#sendLast("error", toConnectError(error, this.call.served?.method.service ?? ""), error);
	}

	protected override headers(contentType: string): OutgoingHttpHeaders {
		const headers = super.headers(contentType);
		headers["cache-control"] = "no-store";
		// Proxies such as nginx hold answers back otherwise.
		headers["x-accel-buffering"] = "no";
		return headers;
	}

	protected override stop(error: ServiceError): void {
		clearInterval(this.#heartbeat);
		super.stop(error);
	}

	protected override finish(last: string): void {
		clearInterval(this.#heartbeat);
		super.finish(last);
	}

	#beat(): void {
		if (this.over || this.waiting) return;
		this.sendHead();
		this.response.write(Buffer.from(":\n\n"));
	}

	#sendLast(event: string, body: object, error?: ServiceError): void {
		const { response } = this.call;
		const metadata = trailersToJson(response.hasTrailers ? response.trailers : undefined, error?.metadata);
		const data = Object.keys(metadata).length === 0 ? body : { ...body, metadata };
		this.finish(`event: ${event}\nid: ${endId}\ndata: ${JSON.stringify(data)}\n\n`);
	}
}
