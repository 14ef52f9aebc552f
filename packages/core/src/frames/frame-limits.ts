import { checkDuration } from "../time/duration.ts";

/** The limits that one side of a connection sets for the other. Both sides announce theirs before anything else. */
export interface FrameLimits {
	/** The calls that may be open at once on one connection. Default: 16,384. */
	readonly maxStreams: number;
	/** The bytes of messages that may be under way on one stream before any are consumed. Default: 256 KiB. */
	readonly streamWindowBytes: number;
	/** The same for all streams of the connection together. Default: 4 MiB. */
	readonly connectionWindowBytes: number;
	/** The size of the largest message, in bytes. Default: 4 MiB. */
	readonly maxMessageBytes: number;
	/** The bytes of unfinished messages that a connection holds in all. Beyond that, senders wait. Default: 64 MiB. */
	readonly maxAssemblyBytes: number;
	/** The bytes that may wait to be sent before callers have to wait. A local bound. Default: 256 KiB. */
	readonly sendQueueBytes: number;
	/**
	 * The bytes of replies that may wait for a slow reader before its further calls have to wait. A local bound.
	 * Default: 16 MiB.
	 */
	readonly maxHeldReplyBytes: number;
	/**
	 * How long a caller may read nothing of its reply before the reply is given up, in milliseconds. A local bound.
	 * Default: 60 s.
	 */
	readonly replyTimeoutMs: number;
	/**
	 * How long the other side may be silent before a PING is sent, and again before the connection is given up, in
	 * milliseconds. A client always watches; a server watches while calls are open. Default: 10 s.
	 */
	readonly keepAliveMs: number;
	/**
	 * After a call has run out of time, the server is sent a PING. This is how long it may be silent before further
	 * calls use another connection, in milliseconds. A local bound. Default: 1 s.
	 */
	readonly suspectMs: number;
	/**
	 * The number of calls that the other side may cancel within ten seconds. One more ends the connection. This is a local
	 * bound. Default: 65,536.
	 */
	readonly maxCancels: number;
	/** How long a server keeps a connection without calls, in milliseconds. Default: 10 min. */
	readonly idleMs: number;
	/** How long the preface and SETTINGS may take, in milliseconds. Default: 5 s. */
	readonly handshakeMs: number;
}

export const defaultFrameLimits: FrameLimits = {
	maxStreams: 16_384,
	streamWindowBytes: 256 * 1024,
	connectionWindowBytes: 4 * 1024 * 1024,
	maxMessageBytes: 4 * 1024 * 1024,
	maxAssemblyBytes: 64 * 1024 * 1024,
	sendQueueBytes: 256 * 1024,
	maxHeldReplyBytes: 16 * 1024 * 1024,
	replyTimeoutMs: 60_000,
	keepAliveMs: 10_000,
	suspectMs: 1_000,
	maxCancels: 65_536,
	idleMs: 600_000,
	handshakeMs: 5_000,
};

/**
 * Checks the durations among limits.
 *
 * @throws RangeError for a duration that is not possible.
 */
export function checkFrameLimits(limits: Partial<FrameLimits>): void {
	const { replyTimeoutMs, keepAliveMs, suspectMs, idleMs, handshakeMs } = {
		...defaultFrameLimits,
		...limits,
	};
	checkDuration("replyTimeoutMs of the limits of frames", replyTimeoutMs, "positive");
	checkDuration("keepAliveMs of the limits of frames", keepAliveMs, "positive");
	checkDuration("suspectMs of the limits of frames", suspectMs);
	checkDuration("idleMs of the limits of frames", idleMs);
	checkDuration("handshakeMs of the limits of frames", handshakeMs);
}
