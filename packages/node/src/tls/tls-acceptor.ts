import { Socket } from "node:net";
import type { Server as NodeTlsServer, SecureContextOptions, TLSSocket } from "node:tls";
import type { Logger, PeerInfo } from "@allium/core";
import { longestDelayMs } from "@allium/core/transport";
import { tls } from "../platform/builtins.ts";
import { platformTimeout } from "../platform/timeout.ts";
import { Credentials } from "./credentials.ts";
import { identityOf } from "./identity.ts";
import type { TlsOptions } from "./tls-options.ts";

/** What a TLS acceptor is made with. */
export interface TlsAcceptorOptions {
	readonly tls: TlsOptions;
	/** What is offered to clients, the most wanted first. */
	readonly protocols: readonly string[];
	/** How long a handshake may take, in milliseconds. */
	readonly handshakeTimeoutMs: number;
	readonly logger: Logger;
	/** Takes a connection over whose handshake is done. */
	readonly secured: (socket: TLSSocket, peer: PeerInfo) => void;
	/** Told of a handshake that failed, when its connection was cut. */
	readonly refused: (reason: string, peer: PeerInfo) => void;
	/** Told of a connection that was cut as its client wanted a second handshake. */
	readonly renegotiated: (peer: PeerInfo) => void;
}

/** Does the server's side of TLS on connections that it is given. */
export class TlsAcceptor {
	readonly #options: TlsAcceptorOptions;
	readonly #credentials: Credentials;
	readonly #server: NodeTlsServer;
	/** Where connections come from that are in their handshake, by both of their ends. */
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

	/** Takes over a connection that begins with a handshake, its bytes unread. */
	accept(socket: Socket, peer: PeerInfo): void {
		const { pem } = this.#credentials;
		if (pem !== this.#pem) {
			this.#pem = pem;
			// With it go the tickets of sessions, so that nobody gets in by what was trusted before.
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
			// Here 0 stands for the platform's default.
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
			// Its type says Error; it is the code of a check, such as CERT_HAS_EXPIRED.
			const denied: unknown = socket.authorizationError;
			// A handshake that takes too long only says so.
			socket.destroy();
			// Who just leaves, as those who look for open ports do, is not worth a word.
			if (denied || error.code !== "ECONNRESET")
				refused(String(denied ?? error.message), this.#peerOf(socket));
		});
		return server;
	}

	/**
	 * Has a connection end when its client begins another handshake, which TLS 1.2 allows as often as it likes, each
	 * at the server's cost. Node tells it by an error, and leaves the connection open.
	 */
	#refuseRenegotiation(socket: TLSSocket, peer: PeerInfo): void {
		socket.disableRenegotiation();
		socket.on("error", (error: NodeJS.ErrnoException) => {
			socket.destroy();
			if (error.code === "ERR_TLS_RENEGOTIATION_DISABLED") this.#options.renegotiated(peer);
		});
	}

	#peerOf(socket: TLSSocket): PeerInfo {
		// Once it is gone, only what it was made of still tells.
		const inner: unknown = Reflect.get(socket, "_parent");
		const gone = inner instanceof Socket ? this.#gone.get(inner) : undefined;
		return this.#peers.get(endsOf(socket)) ?? gone ?? { address: "unknown" };
	}
}

/** What no two connections that are open have in common. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
	return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
