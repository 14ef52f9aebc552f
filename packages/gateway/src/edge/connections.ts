import { Agent, type ClientRequest, type ClientRequestArgs, type IncomingMessage } from "node:http";
import { Agent as TlsAgent } from "node:https";
import type { NetConnectOpts, Socket } from "node:net";
import { platformTimeout } from "@allium/node";
import { PatientSocket } from "./patient-socket.ts";

/** How long a connection rests when the other side did not say how long it keeps connections, in milliseconds. */
const defaultRestMs = 4_000;

/** How much earlier a connection is given up than the other side announced, in milliseconds. */
const marginMs = 1_000;

/**
 * How long connections rest between requests: one second less than the web service says in `Keep-Alive: timeout=…`,
 * so that the service does not close a connection while a request is on its way. A connection is dropped when it
 * ends, or when it brings a byte that belongs to no request.
 */
class Rests {
	readonly #lifetimes = new WeakMap<Socket, number>();

	/** Takes note of how long the connection of an answer may rest. */
	heard({ socket, headers }: IncomingMessage): void {
		const [, seconds] = /(?:^|,)\s*timeout=(\d{1,6})\b/i.exec(String(headers["keep-alive"] ?? "")) ?? [];
		if (seconds !== undefined) this.#lifetimes.set(socket, Number(seconds) * 1_000 - marginMs);
	}

	/** Lets a connection rest; returns false when it may not rest at all. */
	begin(socket: Socket): boolean {
		const lifetime = this.#lifetimes.get(socket) ?? defaultRestMs;
		if (lifetime <= 0) return false;
		socket.setKeepAlive(true, 1_000);
		socket.unref();
		socket.on("data", drop).on("end", drop);
		// The agent destroys a resting connection at its timeout.
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

/** Connections to a web service: an agent of Node that keeps them no longer than the service does. */
export interface Connections extends Agent {
	/** Takes note of how long the connection of an answer may rest. */
	heard(answer: IncomingMessage): void;
}

/**
 * Makes connections to a web service.
 *
 * @param protocol `https:` for connections over TLS.
 * @param keepAlive whether they are kept for the next request.
 */
export function connectionsOver(protocol: string, keepAlive: boolean): Connections {
	const agent = protocol === "https:" ? new TlsAgent({ keepAlive }) : new PatientAgent({ keepAlive });
	const rests = new Rests();
	const reuseSocket = agent.reuseSocket.bind(agent);
	return Object.assign(agent, {
		heard: (answer: IncomingMessage): void => rests.heard(answer),
		keepSocketAlive: (socket: Socket): boolean => rests.begin(socket),
		reuseSocket(socket: Socket, request: ClientRequest): void {
			rests.end(socket);
			reuseSocket(socket, request);
		},
	});
}

/** An agent for plain connections, each of which is read to its end. */
class PatientAgent extends Agent {
	override createConnection(options: ClientRequestArgs): PatientSocket {
		const to = options as NetConnectOpts;
		return new PatientSocket(to).connect(to);
	}
}
