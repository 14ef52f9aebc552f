/** The kinds of frames, by the number on the wire. The specification is `docs/wire.md`. */
export const FrameType = {
	settings: 0,
	request: 1,
	response: 2,
	message: 3,
	end: 4,
	error: 5,
	cancel: 6,
	window: 7,
	ping: 8,
	pong: 9,
	goaway: 10,
} as const;

/** The flags of a frame, as bits. */
export const Flag = {
	/** The sender sends nothing more on this stream. */
	end: 0x01,
	/** The message goes on in the next MESSAGE frame of this stream. */
	more: 0x02,
	/** The frame carries a whole message behind its head. */
	body: 0x04,
	/** On ERROR: the handler provably never ran. */
	notExecuted: 0x08,
	/** A receiver that does not know the frame must end the connection instead of skipping it. */
	critical: 0x80,
} as const;

/** The first bytes that each side of a connection sends: 0xA1, "lm", and the version of the protocol. */
export const preface: readonly number[] = [0xa1, 0x6c, 0x6d, 0x01];

/** Length (4), type (1), flags (1) and stream (4), all big-endian. The length is that of the payload alone. */
export const headerBytes = 10;

/** The most that one frame may carry of a message, in bytes: fragments of this size take turns. */
export const maxFragmentBytes: number = 16 * 1024;

/** The most that the payload of a frame may take, in bytes: a fragment and a head with its metadata. */
export const maxPayloadBytes: number = maxFragmentBytes + 16 * 1024;

/** The last stream of a connection; a client that has used it opens another connection. */
export const lastStreamId = 0x7fff_ffff;

/** The deadline field of a request without one. */
export const noTimeout = 0xffff_ffff;

/** A violation of the protocol by the other side. It ends the connection, and nothing more. */
export class ProtocolError extends Error {
	override readonly name = "ProtocolError";
}
