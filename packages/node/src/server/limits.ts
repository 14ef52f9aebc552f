import { checkDuration } from "@allium/core/transport";

/** The most that one server takes. Every bound has a default. */
export interface ServerLimits {
	/** Connections at once. A further connection is cut. */
	readonly connections: number;
	/** The head of an HTTP request, in bytes. */
	readonly headerBytes: number;
	/** The size of one message over HTTP, and thus of the body of a unary request, in bytes. */
	readonly messageBytes: number;
	/** All bodies together that have not arrived completely, in bytes. */
	readonly heldBodyBytes: number;
	/** HTTP/2 streams at once on one connection. */
	readonly streams: number;
	/** HTTP/2 streams that a client may reset within ten seconds on one connection. One more ends the connection. */
	readonly resets: number;
	/**
	 * Replies that wait to be read on one connection of HTTP/2, in bytes. Beyond it, the connection takes no further
	 * calls.
	 */
	readonly heldReplyBytes: number;
	/** Requests of HTTP/1.1 that wait behind one that is being answered. One more ends the connection. */
	readonly pipelinedRequests: number;
	/** How long the server waits for the first bytes of a connection, which tell its protocol, in milliseconds. */
	readonly firstByteTimeoutMs: number;
	/** How long the handshake of TLS may take, in milliseconds. */
	readonly handshakeTimeoutMs: number;
	/** How long the head of an HTTP/1.1 request, or the preface of HTTP/2, may take, in milliseconds. */
	readonly headersTimeoutMs: number;
	/** How long the body of a request that is one message may take, in milliseconds. */
	readonly bodyTimeoutMs: number;
	/** How long a client may accept none of the bytes that wait for it, on any protocol, in milliseconds. */
	readonly replyTimeoutMs: number;
	/** How long an HTTP connection without a request is kept, in milliseconds. */
	readonly idleTimeoutMs: number;
}

/** The limits of a server that is given none. */
export const defaultServerLimits: ServerLimits = {
	connections: 10_000,
	headerBytes: 16 * 1024,
	messageBytes: 4 * 1024 * 1024,
	heldBodyBytes: 256 * 1024 * 1024,
	streams: 1_000,
	resets: 1_000,
	heldReplyBytes: 16 * 1024 * 1024,
	pipelinedRequests: 100,
	firstByteTimeoutMs: 5_000,
	handshakeTimeoutMs: 10_000,
	headersTimeoutMs: 10_000,
	bodyTimeoutMs: 30_000,
	replyTimeoutMs: 60_000,
	idleTimeoutMs: 60_000,
};

/**
 * Checks the durations among the given limits.
 *
 * @throws RangeError for a duration that is not possible.
 */
export function checkServerLimits(limits: Partial<ServerLimits>): void {
	const all = { ...defaultServerLimits, ...limits };
	for (const name of durations) checkDuration(`${name} of the limits`, all[name]);
}

const durations = [
	"firstByteTimeoutMs",
	"handshakeTimeoutMs",
	"headersTimeoutMs",
	"bodyTimeoutMs",
	"replyTimeoutMs",
	"idleTimeoutMs",
] as const;
