import { Socket } from "node:net";
import type { Server as NodeTlsServer, SecureContextOptions, TLSSocket } from "node:tls";
import type { Logger, PeerInfo } from "@allium/core";
import { longestDelayMs } from "@allium/core/transport";
import { tls } from "../platform/builtins.ts";
import { platformTimeout } from "../platform/timeout.ts";
import { Credentials } from "./credentials.ts";
import { identityOf } from "./identity.ts";
import type { TlsOptions } from "./tls-options.ts";

/** The parts of a TLS acceptor. */
export interface TlsAcceptorOptions {
	readonly tls: TlsOptions;
	/** The protocols that are offered to clients, in order of preference. */
	readonly protocols: readonly string[];
	/** How long a handshake may take, in milliseconds. */
	readonly handshakeTimeoutMs: number;
	readonly logger: Logger;
	/** Takes over a connection whose handshake is done. */
	readonly secured: (socket: TLSSocket, peer: PeerInfo) => void;
	/** Called for a handshake that failed, after its connection was cut. */
	readonly refused: (reason: string, peer: PeerInfo) => void;
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
		const { protocols, handshakeTimeoutMs, secured, refused } = this.#options;
		const { clientCertificates, ca } = this.#options.tls;
		const certificates = clientCertificates ?? (ca === undefined ? "ignore" : "require");
		const server = tls().createServer({
			...pem,
			ALPNProtocols: [...protocols],
			// Here 0 means the platform's default.
			handshakeTimeout: platformTimeout(handshakeTimeoutMs) || longestDelayMs,
			requestCert: certificates !== "ignore",
			rejectUnauthorized: certificates === "require",
		});
		server.on("secureConnection", (socket) => {
			const identity = identityOf(socket);
			const peer = this.#peerOf(socket);
			this.#refuseRenegotiation(socket, peer);
			secured(socket, identity === undefined ? peer : { ...peer, identity });
		});
		server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
			// The type says Error, but the value is the code of a check, such as CERT_HAS_EXPIRED.
			const denied: unknown = socket.authorizationError;
			// The error of a handshake that takes too long says nothing else.
			socket.destroy();
			// A client that just leaves, as port scanners do, is not logged.
			if (denied || error.code !== "ECONNRESET")
				refused(String(denied ?? error.message), this.#peerOf(socket));
		});
		return server;
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
		const inner: unknown = Reflect.get(socket, "_parent");
		const gone = inner instanceof Socket ? this.#gone.get(inner) : undefined;
		return this.#peers.get(endsOf(socket)) ?? gone ?? { address: "unknown" };
	}
}

/** A key that no two open connections share. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
	return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
