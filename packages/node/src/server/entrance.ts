import type { Socket } from "node:net";
import { type Logger, type PeerInfo, ServiceError } from "@allium/core";
import { after, SparingLog } from "@allium/core/transport";
import { peerOf } from "../platform/peer-address.ts";
import { readProxyHeader } from "../proxy/proxy-header.ts";
import { type ProxyProtocol, proxiedFrom } from "../proxy/proxy-protocol.ts";
import { TlsAcceptor } from "../tls/tls-acceptor.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { type ConnectionProtocol, protocolOf } from "./connection-protocol.ts";
import { FirstBytes } from "./first-bytes.ts";
import { hostOf } from "./hosts.ts";
import type { ServerLimits } from "./limits.ts";
import { isLoopback } from "./loopback.ts";

/** The parts of an entrance. */
export interface EntranceOptions {
	readonly limits: ServerLimits;
	readonly logger: Logger;
	/**
	 * The protocols of connections, in the order in which first bytes are compared with them. The last takes all that is
	 * left.
	 */
	readonly protocols: readonly ConnectionProtocol[];
	readonly tls?: TlsOptions | undefined;
	readonly proxyProtocol?: ProxyProtocol | undefined;
}

const tlsHandshakeByte = 0x16;

/**
 * The place where connections come in. It reads the PROXY header, finds out the protocol, does TLS, and hands on the
 * inner connection together with its peer.
 */
export class Entrance {
	readonly #options: EntranceOptions;
	readonly #log: SparingLog;
	readonly #isProxied: (address: string | undefined) => boolean;
	readonly #proxyHeaders: FirstBytes<string | undefined>;
	readonly #undecided: FirstBytes<ConnectionProtocol | "tls">;
	readonly #tls: TlsAcceptor | undefined;
	readonly #peers = new WeakMap<Socket, PeerInfo>();
	/** Connections inside of TLS. They may speak plainly, but not begin TLS a second time. */
	readonly #secured = new WeakSet<Socket>();
	/** The same connections, by those that carry them. */
	readonly #inner = new WeakMap<Socket, Socket>();

	/** @throws ServiceError `failed_precondition` when the files of TLS or the networks of proxies are wrong. */
	constructor(options: EntranceOptions) {
		this.#options = options;
		this.#log = new SparingLog(options.logger);
		this.#isProxied = proxiedFrom(options.proxyProtocol);
		const { firstByteTimeoutMs: timeoutMs } = options.limits;
		this.#proxyHeaders = new FirstBytes({
			timeoutMs,
			look: readProxyHeader,
			decided: (socket, address) => this.#proxied(socket, address),
			refused: (socket, error) => {
				this.#log.warn("a connection was cut: its PROXY header is wrong", {
					peer: this.#peerOf(socket).address,
					reason: error.message,
				});
			},
		});
		this.#undecided = new FirstBytes({
			timeoutMs,
			look: (bytes) => {
				const found = bytes[0] === tlsHandshakeByte ? "tls" : protocolOf(options.protocols, bytes);
				return found === undefined ? undefined : { found, used: 0 };
			},
			decided: (socket, protocol) => this.#decided(socket, protocol),
		});
		this.#tls = options.tls?.cert === undefined ? undefined : this.#acceptor(options.tls);
	}

	/** Takes in a connection. */
	add(socket: Socket): void {
		if (this.#isProxied(socket.remoteAddress)) {
			this.#peers.set(socket, { address: peerOf(socket) });
			this.#proxyHeaders.add(socket);
		} else this.#undecided.add(socket);
	}

	/** The connection inside of TLS that another one carries. */
	innerOf(socket: Socket): Socket | undefined {
		return this.#inner.get(socket);
	}

	/** Cuts all connections that have not been handed on yet. */
	destroy(): void {
		this.#proxyHeaders.destroy();
		this.#undecided.destroy();
	}

	/** Cuts them, and ends the timers. */
	close(): void {
		this.#proxyHeaders.close();
		this.#undecided.close();
	}

	#acceptor(tls: TlsOptions): TlsAcceptor {
		const { limits, logger, protocols } = this.#options;
		return new TlsAcceptor({
			tls,
			protocols: protocols.flatMap(({ alpn }) => alpn ?? []),
			handshakeTimeoutMs: limits.handshakeTimeoutMs,
			logger,
			secured: (socket, peer, outer) => {
				this.#peers.set(socket, peer);
				this.#secured.add(socket);
				if (outer !== undefined) this.#inner.set(outer, socket);
				const agreed = socket.alpnProtocol || undefined;
				const protocol = agreed && protocols.find(({ alpn }) => alpn === agreed);
				if (protocol) protocol.accept(socket, peer);
				else this.#undecided.add(socket);
			},
			failed: (reason, { address }) => {
				this.#log.warn("a TLS handshake failed", { peer: address, reason });
			},
			refused: (socket, flaw, { address }) => {
				this.#log.warn("a client was not let in", { peer: address, reason: flaw });
				const agreed = protocols.find(({ alpn }) => alpn === (socket.alpnProtocol || "http/1.1"));
				turnAway(socket, agreed, certificateNeeded(flaw));
			},
			renegotiated: ({ address }) => {
				const message = "a connection was cut, as its client wanted TLS to be negotiated again";
				this.#log.warn(message, { peer: address });
			},
		});
	}

	#proxied(socket: Socket, address: string | undefined): void {
		if (address !== undefined) this.#peers.set(socket, { address });
		this.#undecided.add(socket);
	}

	#decided(socket: Socket, protocol: ConnectionProtocol | "tls"): void {
		const peer = this.#peerOf(socket);
		const secured = this.#secured.has(socket);
		if (protocol !== "tls") {
			if (secured || this.#mayBePlain(peer)) {
				// Node refuses HTTP/2 over TLS when ALPN did not agree on it.
				if (secured && "alpnProtocol" in socket) socket.alpnProtocol = protocol.alpn;
				protocol.accept(socket, peer);
			} else this.#refusePlain(socket, protocol, peer);
		} else if (this.#tls !== undefined && !secured) this.#tls.accept(socket, peer);
		else {
			const where = secured ? "within TLS" : "which is not switched on here";
			this.#log.warn(`a client spoke TLS, ${where}`, { peer: peer.address });
			socket.destroy();
		}
	}

	#mayBePlain({ address }: PeerInfo): boolean {
		if (this.#tls === undefined) return true;
		const policy = this.#options.tls?.plain ?? "refuse";
		return policy === "allow" || (policy === "loopback" && isLoopback(hostOf(address) ?? ""));
	}

	#refusePlain(socket: Socket, protocol: ConnectionProtocol, peer: PeerInfo): void {
		const fields = { peer: peer.address, protocol: protocol.name };
		this.#log.warn("a client spoke plainly to a port that takes TLS only", fields);
		turnAway(socket, protocol, tlsNeeded);
	}

	#peerOf(socket: Socket): PeerInfo {
		return this.#peers.get(socket) ?? { address: peerOf(socket) };
	}
}

/** How long a client that is turned away has to read why, in milliseconds. */
const farewellMs = 1_000;

/** Ends a connection, and tells the client why. */
function turnAway(socket: Socket, protocol: ConnectionProtocol | undefined, error: ServiceError): void {
	// A connection that is closed before its bytes are read is reset, and the client could lose the answer.
	const timer = after(farewellMs, () => socket.destroy());
	socket.once("close", () => timer.stop());
	if (protocol === undefined) socket.destroy();
	else protocol.refuse(socket, error);
}

const tlsNeeded = new ServiceError({
	code: "failed_precondition",
	reason: "tls_needed",
	message: "this port takes TLS only: use https://, or allium+tls:// for frames",
});

function certificateNeeded(message: string): ServiceError {
	return new ServiceError({ code: "unauthenticated", reason: "certificate_needed", message });
}
