import { Agent, type ClientRequest, type ClientRequestArgs, type IncomingMessage } from "node:http";
import { Agent as TlsAgent } from "node:https";
import type { NetConnectOpts, Socket } from "node:net";
import { platformTimeout } from "@allium/node";
import { PatientSocket } from "./patient-socket.ts";

/** How long a connection is kept whose other side did not say how long it keeps it, in milliseconds. */
const defaultRestMs = 4_000;

/** How much earlier a connection is given up than its other side said, in milliseconds. */
const marginMs = 1_000;

/**
 * How long connections rest between requests: as long as the web service says in `Keep-Alive: timeout=…`, less a
 * second, so that it does not close one just while a request is under way to it. One that ends, or brings a byte
 * that belongs to no request, is dropped.
 */
class Rests {
	readonly #lifetimes = new WeakMap<Socket, number>();

	/** Takes note of how long the connection of an answer may rest. */
	heard({ socket, headers }: IncomingMessage): void {
		const [, seconds] = /(?:^|,)\s*timeout=(\d{1,6})\b/i.exec(String(headers["keep-alive"] ?? "")) ?? [];
		if (seconds !== undefined) this.#lifetimes.set(socket, Number(seconds) * 1_000 - marginMs);
	}

	/** False when a connection may not rest at all. */
	begin(socket: Socket): boolean {
		const lifetime = this.#lifetimes.get(socket) ?? defaultRestMs;
		if (lifetime <= 0) return false;
		socket.setKeepAlive(true, 1_000);
		socket.unref();
		socket.on("data", drop).on("end", drop);
		// The agent destroys what rests when its time is up.
		socket.setTimeout(platformTimeout(lifetime));
		return true;
	}

	end(socket: Socket): void {
		socket.removeListener("data", drop).removeListener("end", drop);
		socket.setTimeout(0);
		socket.ref();
	}
}

function drop(this: Socket): void {
	this.destroy();
}

/** Connections to web services. */
export interface Connections extends Agent {
	/** Takes note of how long the connection of an answer may rest. */
	heard(answer: IncomingMessage): void;
}

/** Plain ones. */
export class PlainConnections extends Agent implements Connections {
	readonly #rests = new Rests();

	/** @param options `keepAlive` is whether they are kept for the next request. */
	constructor({ keepAlive }: { keepAlive: boolean }) {
		super({ keepAlive });
	}

	heard(answer: IncomingMessage): void {
		this.#rests.heard(answer);
	}

	override createConnection(options: ClientRequestArgs): PatientSocket {
		const to = options as NetConnectOpts;
		return new PatientSocket(to).connect(to);
	}

	override keepSocketAlive(socket: Socket): boolean {
		return this.#rests.begin(socket);
	}

	override reuseSocket(socket: Socket, request: ClientRequest): void {
		this.#rests.end(socket);
		super.reuseSocket(socket, request);
	}
}

/** Those over TLS. */
export class SecureConnections extends TlsAgent implements Connections {
	readonly #rests = new Rests();

	/** @param options `keepAlive` is whether they are kept for the next request. */
	constructor({ keepAlive }: { keepAlive: boolean }) {
		super({ keepAlive });
	}

	heard(answer: IncomingMessage): void {
		this.#rests.heard(answer);
	}

	override keepSocketAlive(socket: Socket): boolean {
		return this.#rests.begin(socket);
	}

	override reuseSocket(socket: Socket, request: ClientRequest): void {
		this.#rests.end(socket);
		super.reuseSocket(socket, request);
	}
}
