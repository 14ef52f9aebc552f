import { Socket } from "node:net";
import type { Server as NodeTlsServer, SecureContextOptions, TLSSocket } from "node:tls";
import { type Logger, type PeerInfo, parseAppIdentity } from "@allium/core";
import { longestDelayMs } from "@allium/core/transport";
import { tls } from "../platform/builtins.ts";
import { platformTimeout } from "../platform/timeout.ts";
import { clientFlaw, isProven } from "./client-flaw.ts";
import { Credentials } from "./credentials.ts";
import { identityIn } from "./identity.ts";
import { alertText } from "./tls-advice.ts";
import type { TlsOptions } from "./tls-options.ts";

/** The parts of a TLS acceptor. */
export interface TlsAcceptorOptions {
	readonly tls: TlsOptions;
	/** The protocols that are offered to clients, in order of preference. */
	readonly protocols: readonly string[];
	/** How long a handshake may take, in milliseconds. */
	readonly handshakeTimeoutMs: number;
	readonly logger: Logger;
	/** Takes over a connection whose handshake is done. `outer` is the connection that carries it. */
	readonly secured: (socket: TLSSocket, peer: PeerInfo, outer: Socket | undefined) => void;
	/** Called for a handshake that failed, after its connection was cut. */
	readonly failed: (reason: string, peer: PeerInfo) => void;
	/**
	 * Called for a client that has no certificate which is trusted here, where one is needed. The connection still has
	 * to be ended. By then both sides speak TLS, so that the client can be told why.
	 */
	readonly refused: (socket: TLSSocket, flaw: string, peer: PeerInfo) => void;
	/** Called for a connection that was cut because its client wanted a second handshake. */
	readonly renegotiated: (peer: PeerInfo) => void;
}

/** The server's side of TLS on given connections. */
export class TlsAcceptor {
	readonly #options: TlsAcceptorOptions;
	readonly #credentials: Credentials;
	readonly #server: NodeTlsServer;
	/** The peers of connections in their handshake, by both of their ends. */
	readonly #peers = new Map<string, PeerInfo>();
	readonly #gone = new WeakMap<Socket, PeerInfo>();
	#pem: SecureContextOptions;

	/** @throws ServiceError `failed_precondition` when the files of a certificate cannot be used. */
	constructor(options: TlsAcceptorOptions) {
		this.#options = options;
		this.#credentials = new Credentials(options.tls, options.logger);
		this.#pem = this.#credentials.pem;
		this.#server = this.#create(this.#pem);
	}

	/** Takes over a connection that begins with a handshake. Its bytes are unread. */
	accept(socket: Socket, peer: PeerInfo): void {
		const { pem } = this.#credentials;
		if (pem !== this.#pem) {
			this.#pem = pem;
			// This also discards the tickets of sessions, so that a ticket issued under the earlier trust is worthless.
			this.#server.setSecureContext(pem);
		}
		const ends = endsOf(socket);
		this.#peers.set(ends, peer);
		socket.once("close", () => {
			this.#peers.delete(ends);
			this.#gone.set(socket, peer);
		});
		this.#server.emit("connection", socket);
	}

	#create(pem: SecureContextOptions): NodeTlsServer {
		const { protocols, handshakeTimeoutMs, secured, failed, refused } = this.#options;
		const { clientCertificates, ca } = this.#options.tls;
		const certificates = clientCertificates ?? (ca === undefined ? "ignore" : "require");
		const server = tls().createServer({
			...pem,
			ALPNProtocols: [...protocols],
			// Here 0 means the platform's default.
			handshakeTimeout: platformTimeout(handshakeTimeoutMs) || longestDelayMs,
			requestCert: certificates !== "ignore",
			// Node would cut the connection without a word.
			rejectUnauthorized: false,
		});
		server.on("secureConnection", (socket) => {
			const peer = this.#peerOf(socket);
			this.#refuseRenegotiation(socket, peer);
			if (certificates === "require" && !isProven(socket)) refused(socket, clientFlaw(socket), peer);
			else secured(socket, this.#identified(socket, peer), outerOf(socket));
		});
		server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
			// The error of a handshake that takes too long says nothing else.
			socket.destroy();
			// A client that just leaves, as port scanners do, is not logged.
			if (error.code !== "ECONNRESET") failed(alertText(error) ?? error.message, this.#peerOf(socket));
		});
		return server;
	}

	/** The peer with the identity that its certificate proves. */
	#identified(socket: TLSSocket, peer: PeerInfo): PeerInfo {
		const identity = isProven(socket) ? identityIn(socket.getPeerCertificate()) : undefined;
		if (identity === undefined) return peer;
		const { namespace = "default" } = this.#options.tls;
		const named = parseAppIdentity(identity);
		return { ...peer, identity, ...(named?.namespace === namespace && { app: named.app }) };
	}

	/**
	 * Ends a connection when its client begins another handshake. TLS 1.2 allows any number of them, each at the
	 * server's cost. Node reports them by an error, and leaves the connection open.
	 */
	#refuseRenegotiation(socket: TLSSocket, peer: PeerInfo): void {
		socket.disableRenegotiation();
		socket.on("error", (error: NodeJS.ErrnoException) => {
			socket.destroy();
			if (error.code === "ERR_TLS_RENEGOTIATION_DISABLED") this.#options.renegotiated(peer);
		});
	}

	#peerOf(socket: TLSSocket): PeerInfo {
		// After the socket is gone, only the one on which it was made still knows the address.
		const outer = outerOf(socket);
		const gone = outer === undefined ? undefined : this.#gone.get(outer);
		return this.#peers.get(endsOf(socket)) ?? gone ?? { address: "unknown" };
	}
}

/** The connection on which TLS was begun. */
function outerOf(socket: TLSSocket): Socket | undefined {
	const outer: unknown = Reflect.get(socket, "_parent");
	return outer instanceof Socket ? outer : undefined;
}

/** A key that no two open connections share. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
	return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
