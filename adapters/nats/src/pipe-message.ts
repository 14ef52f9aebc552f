/** The kinds of messages that a pipe sends. */
export const PipeMessageType = { data: 1, acknowledge: 2, end: 3, reset: 4 } as const;

export type PipeMessageType = (typeof PipeMessageType)[keyof typeof PipeMessageType];

/** The bytes before the payload: the type (1), the position (4), the bytes received (4). */
export const pipeMessageHeadBytes = 9;

/**
 * One message of a pipe. Both numbers count bytes of a stream from its beginning, modulo 2³², as the numbers of TCP do.
 */
export interface PipeMessage {
	readonly type: PipeMessageType;
	/** The bytes that its sender sent before it. A receiver that has another number missed something. */
	readonly position: number;
	/** The bytes that its sender has received. */
	readonly received: number;
	/** A part of the stream; only in a message of the type `data`, and never empty there. */
	readonly payload: Uint8Array;
}

/** The form of a message in which it is sent. */
export function writePipeMessage({ type, position, received, payload }: PipeMessage): Uint8Array {
	const bytes = new Uint8Array(pipeMessageHeadBytes + payload.length);
	bytes[0] = type;
	writeNumber(bytes, 1, position);
	writeNumber(bytes, 5, received);
	bytes.set(payload, pipeMessageHeadBytes);
	return bytes;
}

/** Reads a message; undefined for bytes that are none. The payload shares their memory. */
export function readPipeMessage(bytes: Uint8Array): PipeMessage | undefined {
	const [type] = bytes;
	if (bytes.length < pipeMessageHeadBytes || !isType(type)) return undefined;
	const payload = bytes.subarray(pipeMessageHeadBytes);
	if ((type === PipeMessageType.data) !== payload.length > 0) return undefined;
	return { type, position: readNumber(bytes, 1), received: readNumber(bytes, 5), payload };
}

export const noPayload: Uint8Array = new Uint8Array(0);

function isType(type: number | undefined): type is PipeMessageType {
	return type !== undefined && type >= PipeMessageType.data && type <= PipeMessageType.reset;
}

function writeNumber(bytes: Uint8Array, offset: number, value: number): void {
	bytes[offset] = value >>> 24;
	bytes[offset + 1] = value >>> 16;
	bytes[offset + 2] = value >>> 8;
	bytes[offset + 3] = value;
}

function readNumber(bytes: Uint8Array, offset: number): number {
	const [a, b] = [bytes[offset] ?? 0, bytes[offset + 1] ?? 0];
	const [c, d] = [bytes[offset + 2] ?? 0, bytes[offset + 3] ?? 0];
	return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
