import { checkDuration } from "@allium/core/transport";

/** What one server takes at most. Every bound is there by default. */
export interface ServerLimits {
	/** Connections at once; one more is cut. */
	readonly connections: number;
	/** The head of an HTTP request, in bytes. */
	readonly headerBytes: number;
	/** One message of HTTP, and so the body of a unary request, in bytes. */
	readonly messageBytes: number;
	/** All bodies that have not arrived whole, together, in bytes. */
	readonly heldBodyBytes: number;
	/** HTTP/2 streams at once on one connection. */
	readonly streams: number;
	/** HTTP/2 streams that a client may reset within ten seconds on one connection; one more ends it. */
	readonly resets: number;
	/** Replies on one connection of HTTP/2 that wait to be read, in bytes; beyond it no further calls are taken. */
	readonly heldReplyBytes: number;
	/** Requests of HTTP/1.1 that wait behind one that is being answered; one more ends the connection. */
	readonly pipelinedRequests: number;
	/** How long a connection may take to show what it speaks, in milliseconds. */
	readonly firstByteTimeoutMs: number;
	/** How long the handshake of TLS may take, in milliseconds. */
	readonly handshakeTimeoutMs: number;
	/** How long the head of an HTTP/1.1 request, or the preface of HTTP/2, may take, in milliseconds. */
	readonly headersTimeoutMs: number;
	/** How long the body of a request that is one message may take, in milliseconds. */
	readonly bodyTimeoutMs: number;
	/** How long a client may take nothing of what waits for it, on any protocol, in milliseconds. */
	readonly replyTimeoutMs: number;
	/** How long an HTTP connection without a request is kept, in milliseconds. */
	readonly idleTimeoutMs: number;
}

/** The limits of a server that was given none. */
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
 * Checks the durations among limits that somebody gave.
 *
 * @throws RangeError for one that cannot be.
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
