import { checkDuration } from "../time/duration.ts";

/** What one side of a connection lets the other do. Both announce theirs before anything else. */
export interface FrameLimits {
	/** Calls that may be open at once on one connection. Default: 16,384. */
	readonly maxStreams: number;
	/** Bytes of messages that may be on their way on one stream without being consumed. Default: 256 KiB. */
	readonly streamWindowBytes: number;
	/** The same for all streams of the connection together. Default: 4 MiB. */
	readonly connectionWindowBytes: number;
	/** The size of the largest message. Default: 4 MiB. */
	readonly maxMessageBytes: number;
	/** Bytes of unfinished messages that a connection holds in all; senders wait. Default: 64 MiB. */
	readonly maxAssemblyBytes: number;
	/** Bytes that wait to be sent before callers have to; a local bound. Default: 256 KiB. */
	readonly sendQueueBytes: number;
	/** Bytes of replies that wait for a slow reader before its further calls wait, too; a local bound. Default: 16 MiB. */
	readonly maxHeldReplyBytes: number;
	/** How long a caller may take nothing of its reply before that is given up, in milliseconds; a local bound. Default: 60 s. */
	readonly replyTimeoutMs: number;
	/**
	 * How long the other side may be silent before it is asked, and then before it is given up, in milliseconds: at
	 * clients always, at servers while calls are open. Default: 10 s.
	 */
	readonly keepAliveMs: number;
	/**
	 * How long a server that is asked, because a call to it ran out of time, may be silent before further calls go by
	 * another connection, in milliseconds; a local bound. Default: 1 s.
	 */
	readonly suspectMs: number;
	/** Calls that the other side may cancel within ten seconds; one more ends the connection; a local bound. Default: 65,536. */
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
 * Checks the durations among limits that somebody gave.
 *
 * @throws RangeError for one that cannot be.
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

/** The settings that cross the wire, by their number. A receiver skips those that it does not know. */
const settingIds = {
	maxStreams: 1,
	streamWindowBytes: 2,
	connectionWindowBytes: 3,
	maxMessageBytes: 4,
	// 5 is kept for formats of messages.
	maxAssemblyBytes: 6,
} as const;

/** The settings that cross the wire. */
export type RemoteLimits = { -readonly [K in keyof typeof settingIds]: number };

/** The payload of SETTINGS: a 2-byte number and a 4-byte value for each. */
export function encodeSettings(limits: FrameLimits): Uint8Array {
	const entries = Object.entries(settingIds) as [keyof typeof settingIds, number][];
	const bytes = new Uint8Array(entries.length * 6);
	const view = new DataView(bytes.buffer);
	for (const [index, [name, id]] of entries.entries()) {
		view.setUint16(index * 6, id);
		view.setUint32(index * 6 + 2, Math.min(limits[name], 0xffff_ffff));
	}
	return bytes;
}

/** Reads the payload of SETTINGS; undefined when it is malformed. */
export function decodeSettings(payload: Uint8Array): RemoteLimits | undefined {
	if (payload.length % 6 !== 0) return undefined;
	const { maxStreams, streamWindowBytes, connectionWindowBytes, maxMessageBytes, maxAssemblyBytes } =
		defaultFrameLimits;
	const remote: RemoteLimits = {
		maxStreams,
		streamWindowBytes,
		connectionWindowBytes,
		maxMessageBytes,
		maxAssemblyBytes,
	};
	const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
	for (let offset = 0; offset < payload.length; offset += 6) {
		const id = view.getUint16(offset);
		for (const [name, known] of Object.entries(settingIds) as [keyof RemoteLimits, number][]) {
			if (known === id) remote[name] = view.getUint32(offset + 2);
		}
	}
	return remote;
}
