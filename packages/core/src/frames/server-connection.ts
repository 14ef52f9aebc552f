import type { Codec } from "../codec/codec.ts";
import { jsonCodec } from "../codec/json-codec.ts";
import { type ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import type { EndpointTable } from "../service/endpoint-table.ts";
import { ServerCall } from "../service/server-call.ts";
import { readMessage } from "../transport/message-text.ts";
import { type Pipe, standardBytes } from "../transport/pipe.ts";
import { Connection, GoawayCode } from "./connection.ts";
import { writeError } from "./error-frame.ts";
import { Flag, noTimeout, ProtocolError } from "./frame.ts";
import { readU16, readU32 } from "./frame-reader.ts";
import { KnownTexts } from "./known-texts.ts";
import { readMetadata } from "./metadata-block.ts";
import { ServerStream } from "./server-stream.ts";
import type { FrameLimits } from "./settings.ts";

/** A connection that serves calls. */
export class ServerConnection {
	/** Resolves when the connection is gone. */
	readonly closed: Promise<void>;
	readonly #connection: Connection;
	readonly #endpoints: EndpointTable;
	readonly #codec: Extract<Codec, { readonly binary: false }>;
	readonly #paths: KnownTexts;
	#draining = false;

	constructor(
		pipe: Pipe,
		endpoints: EndpointTable,
		options: {
			codec?: Extract<Codec, { readonly binary: false }> | undefined;
			limits?: Partial<FrameLimits> | undefined;
		} = {},
	) {
		this.#endpoints = endpoints;
		this.#codec = options.codec ?? jsonCodec;
		this.#paths = new KnownTexts(pipe.bytes ?? standardBytes, (path) => endpoints.find(path) !== undefined);
		const { promise, resolve } = Promise.withResolvers<void>();
		this.closed = promise;
		const role = {
			onRequest: this.#onRequest.bind(this),
			onReady() {},
			onIdle: () => this.#leave(GoawayCode.idle, "the connection was idle"),
			onGoaway: () => this.#connection.endWhenIdle(),
			onClosed: () => resolve(),
		};
		this.#connection = new Connection(pipe, role, options.limits);
		this.#connection.start();
	}

	/** Says that no new calls are taken, and ends when those in flight have. */
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

	/** REQUEST: timeout (4), path length (2), path, metadata, message. */
	#onRequest(id: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
		const connection = this.#connection;
		if (id <= connection.lastAccepted) throw new ProtocolError(`stream ${id} was used before`);
		// Those after the GOAWAY are not executed: its receiver knows.
		if (this.#draining) return;
		const pathEnd = start + 6 + readU16(bytes, start + 4);
		if (pathEnd > end) throw new ProtocolError("REQUEST is cut off");
		connection.lastAccepted = id;
		const timeout = readU32(bytes, start);
		const path = this.#paths.read(bytes, start + 6, pathEnd);
		const { metadata, end: bodyStart } = readMetadata(bytes, pathEnd, end, connection.bytes);
		const length = end - bodyStart;
		connection.received(length);
		if (this.#isFull) {
			connection.credit(length);
			const { maxStreams } = connection.limits;
			writeError(connection, id, refused(`more than ${maxStreams} calls at once on one connection`), path);
			return;
		}
		const call = new ServerCall(this.#endpoints, {
			path,
			metadata,
			peer: connection.pipe.peer,
			timeoutMs: timeout === noTimeout ? Number.POSITIVE_INFINITY : timeout,
		});
		const text = (flags & Flag.body) !== 0 ? readMessage(connection.bytes, bytes, bodyStart, end) : undefined;
		new ServerStream(id, connection, call, this.#codec, path).begin(text, length, (flags & Flag.end) !== 0);
	}

	/** Whether no other call can be taken now. */
	get #isFull(): boolean {
		const { streamCount, running, limits } = this.#connection;
		return streamCount >= limits.maxStreams || running >= limits.maxStreams;
	}
}

function refused(message: string): ServiceError {
	return serviceErrorFrom({ code: "resource_exhausted", message }, { notExecuted: true });
}
