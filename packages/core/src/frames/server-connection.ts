import type { Format } from "../codec/format.ts";
import { type MethodCodecs, methodCodecs } from "../codec/method-codecs.ts";
import type { Method } from "../contract/method.ts";
import { type ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import type { EndpointTable } from "../service/endpoint-table.ts";
import { ServerCall } from "../service/server-call.ts";
import type { Pipe } from "../transport/pipe.ts";
import { Connection } from "./connection.ts";
import { formatsMask } from "./formats.ts";
import type { FrameLimits } from "./frame-limits.ts";
import { jsonCodecs, plainJson } from "./frames-callee.ts";
import { FramesExchange } from "./frames-exchange.ts";
import { ServerCalls } from "./server-calls.ts";
import { readBody } from "./wire/body.ts";
import { beginError } from "./wire/error-frame.ts";
import { Flag } from "./wire/frame.ts";
import { GoawayCode } from "./wire/goaway-frame.ts";
import { KnownTexts } from "./wire/known-texts.ts";
import { formatOf, readRequest } from "./wire/request-frame.ts";

/** How a connection serves calls. */
export interface ServerConnectionOptions {
	/** The formats that are read in addition to JSON. Default: none. */
	readonly formats?: readonly Format[] | undefined;
	readonly limits?: Partial<FrameLimits> | undefined;
}

/** A connection that serves calls. */
export class ServerConnection {
	/** Resolves when the connection is gone. */
	readonly closed: Promise<void>;
	readonly #connection: Connection;
	readonly #endpoints: EndpointTable;
	readonly #formats: readonly Format[];
	readonly #paths: KnownTexts;
	readonly #calls: ServerCalls;
	#draining = false;
	/** The method that was called last in JSON, and its codecs: most calls are of the same method as the one before. */
	#lastMethod: Method | undefined;
	#lastCodecs: MethodCodecs = plainJson;

	constructor(pipe: Pipe, endpoints: EndpointTable, { formats = [], limits }: ServerConnectionOptions = {}) {
		this.#endpoints = endpoints;
		this.#formats = formats;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.closed = promise;
		const role = {
			formats: formatsMask(formats),
			onRequest: this.#onRequest.bind(this),
			onReady() {},
			onIdle: () => this.#leave(GoawayCode.idle, "the connection was idle"),
			onGoaway: () => this.#connection.endWhenIdle(),
			onClosed: () => resolve(),
		};
		this.#connection = new Connection(pipe, role, limits);
		this.#calls = new ServerCalls(this.#connection.limits);
		this.#paths = new KnownTexts(this.#connection.bytes, (path) => endpoints.find(path) !== undefined);
		this.#connection.start();
	}

	/** Says that no new calls are taken, and ends when those in flight have ended. */
	drain(): Promise<void> {
		if (!this.#draining) this.#leave(GoawayCode.draining, "the server is shutting down");
		return this.closed;
	}

	/** Ends at once. Handlers in flight are cancelled. */
	close(): void {
		this.#connection.destroy("the server was closed");
	}

	#leave(code: number, message: string): void {
		this.#draining = true;
		this.#connection.goaway(code, message);
		this.#connection.endWhenIdle();
	}

	#onRequest(id: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
		const connection = this.#connection;
		// Streams after the GOAWAY are not executed: its receiver knows.
		if (this.#draining) return;
		const head = readRequest(bytes, start, end, this.#paths, connection.bytes);
		connection.accept(id);
		const { path, metadata, timeoutMs, bodyStart } = head;
		const length = end - bodyStart;
		connection.received(length);
		if (this.#isFull) {
			this.#refuse(id, path, length, tooMany(connection.limits.maxStreams));
			return;
		}
		const call = new ServerCall(this.#endpoints, { path, metadata, timeoutMs, peer: connection.peer });
		const codecs = this.#codecsOf(call.served?.method, formatOf(flags));
		if (codecs === undefined) {
			this.#refuse(id, path, length, this.#unknownFormat(path, formatOf(flags)));
			return;
		}
		const hasBody = (flags & Flag.body) !== 0;
		const body = hasBody ? readBody(codecs.input, connection.bytes, bytes, bodyStart, end) : undefined;
		const stream = new FramesExchange(id, connection, this.#calls, call, codecs, path);
		stream.begin(body, length, (flags & Flag.end) !== 0);
	}

	/** Whether no other call can be taken now. */
	get #isFull(): boolean {
		const { streams, limits } = this.#connection;
		return streams.size >= limits.maxStreams || this.#calls.running >= limits.maxStreams;
	}

	/** Answers a call that is not taken in. */
	#refuse(id: number, path: string, length: number, error: ServiceError): void {
		const { batch, queue } = this.#connection;
		this.#connection.credit(length);
		beginError(batch.writer, id, error, path);
		queue.finishHead(undefined);
	}

	/** The codecs of a method in a format; undefined when the format is not read here, or the method has no codecs in it. */
	#codecsOf(method: Method | undefined, number: number): MethodCodecs | undefined {
		// Nobody serves the call: its messages are not read.
		if (method === undefined) return plainJson;
		if (number === 0) {
			if (method !== this.#lastMethod) {
				this.#lastMethod = method;
				this.#lastCodecs = jsonCodecs(method);
			}
			return this.#lastCodecs;
		}
		const format = this.#formats.find((known) => known.number === number);
		return format && methodCodecs(method, format);
	}

	#unknownFormat(path: string, number: number): ServiceError {
		const format = this.#formats.find((known) => known.number === number);
		const names = ["json", ...this.#formats.map(({ name }) => name)].join(", ");
		const message =
			format === undefined
				? `messages of format ${number} are not read here; use one of: ${names}`
				: `${path} cannot be called in ${format.name}; use json`;
		return serviceErrorFrom(
			{ code: "unimplemented", reason: "unknown_format", message },
			{ notExecuted: true },
		);
	}
}

function tooMany(maxStreams: number): ServiceError {
	const message = `more than ${maxStreams} calls at once on one connection`;
	return serviceErrorFrom({ code: "resource_exhausted", message }, { notExecuted: true });
}
