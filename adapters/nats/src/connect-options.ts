import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { refusal } from "@allium/core/adapter";
import { Backoff } from "@allium/core/transport";
import {
	type Authenticator,
	credsAuthenticator,
	type NodeConnectionOptions,
	nkeyAuthenticator,
	type Server,
} from "@nats-io/transport-node";
import type { NatsAddress } from "./nats-url.ts";

/** How often an idle connection is tried, in milliseconds. It is given up when two tries had no answer. */
const pingMs = 10_000;
/** How long one server may take to accept a connection, in milliseconds. */
const connectMs = 5_000;
/** The delay before a server is tried again, in milliseconds. Users of the connection may shorten the longest one. */
const reconnectBounds = { firstMs: 50, longestMs: 2_000, jitter: 0.5 };

/** The options of the client library for the servers at an address. */
export function connectOptions(address: NatsAddress, attempts: Attempts): NodeConnectionOptions {
	const { servers, tls, user, password, token, creds, nkey, ca, cert, key } = address;
	const files = {
		...(ca !== undefined && { ca: readText("ca", ca) }),
		...(cert !== undefined && { cert: readText("cert", cert) }),
		...(key !== undefined && { key: readText("key", key) }),
	};
	// The library passes them all on to Node, and declares only some of them.
	const secured = { ...files, checkServerIdentity: attempts.checkServerIdentity };
	return {
		servers: [...servers],
		name: "allium",
		timeout: connectMs,
		pingInterval: pingMs,
		maxPingOut: 2,
		maxReconnectAttempts: -1,
		reconnectDelayHandler: attempts.reconnectDelayHandler,
		reconnectToServer: attempts.reconnectToServer,
		// A password that is changed on the server and then here must not end the process' connection for good.
		ignoreAuthErrorAbort: true,
		noAsyncTraces: true,
		...(tls && { tls: secured }),
		...(user !== undefined && { user, pass: password ?? "" }),
		...(token !== undefined && { token }),
		...(creds !== undefined && { authenticator: renewed("creds", creds, credsAuthenticator) }),
		...(nkey !== undefined && {
			authenticator: renewed("nkey", nkey, (seed) => nkeyAuthenticator(trimmed(seed))),
		}),
	};
}

/** The state that the attempts to connect share: the delay before the next one, and the server that is being tried. */
export class Attempts {
	readonly #backoff = new Backoff(reconnectBounds);
	#longestMs = reconnectBounds.longestMs;
	#delayMs = 0;
	#host = "";

	/** Lets no more than this time pass between two attempts, in milliseconds. */
	within(milliseconds: number): void {
		this.#longestMs = Math.min(this.#longestMs, milliseconds);
	}

	/** The next failure is the first again. */
	succeeded(): void {
		this.#backoff.reset();
	}

	/** The library asks for the delay several times before one attempt. */
	readonly reconnectDelayHandler = (): number => this.#delayMs;

	/** The library chooses the server, the first of these. */
	readonly reconnectToServer = ([server]: readonly Server[]): null => {
		this.#delayMs = Math.min(this.#longestMs, this.#backoff.next());
		this.#host = server?.hostname ?? "";
		return null;
	};

	/** The library names no host to check where the server is given by its IP address; Node then takes localhost. */
	readonly checkServerIdentity = (host: string, certificate: PeerCertificate): Error | undefined =>
		checkServerIdentity(host === "localhost" && isIP(this.#host) > 0 ? this.#host : host, certificate);
}

/**
 * Reads the file for each connection, because credentials are renewed while a process runs. Once a connection was
 * made, a file that is unusable must not end it for good: then the last usable one counts.
 */
function renewed(name: string, path: string, make: (content: Uint8Array) => Authenticator): Authenticator {
	let last = make(readBytes(name, path));
	try {
		last("nonce");
	} catch (error) {
		throw refusal(
			`${name} names the file ${path}, which holds none; name a file as nsc or nk writes it`,
			error,
		);
	}
	return (nonce) => {
		try {
			const next = make(readBytes(name, path));
			const auth = next(nonce);
			last = next;
			return auth;
		} catch {
			return last(nonce);
		}
	};
}

function trimmed(bytes: Uint8Array): Uint8Array {
	return new TextEncoder().encode(new TextDecoder().decode(bytes).trim());
}

function readText(name: string, path: string): string {
	return readBytes(name, path).toString("utf8");
}

function readBytes(name: string, path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (error) {
		throw refusal(`${name} names the file ${path}, which cannot be read; name a file that can`, error);
	}
}
