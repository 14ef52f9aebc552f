import type { ByteHandling } from "../../transport/pipe.ts";
import { FrameType, ProtocolError } from "./frame.ts";
import { readU32 } from "./frame-reader.ts";
import type { FrameWriter } from "./frame-writer.ts";

/** The codes of GOAWAY. */
export const GoawayCode = { draining: 0, protocolError: 1, idle: 2, refused: 3 } as const;

/** The content of a GOAWAY frame. Streams after `lastStream` are not served. */
export interface Goaway {
	readonly lastStream: number;
	/** One of {@link GoawayCode}, or a code that is not known here. */
	readonly code: number;
	readonly message: string;
}

/** Begins a GOAWAY: last stream accepted (4), code (1), text. */
export function beginGoaway(writer: FrameWriter, lastStream: number, code: number, message: string): void {
	writer.begin(FrameType.goaway, 0, 0, 5 + message.length * 3);
	writer.u32(lastStream);
	writer.u8(code);
	writer.text(message);
}

/** @throws ProtocolError when it is malformed. */
export function readGoaway(bytes: Uint8Array, start: number, end: number, text: ByteHandling): Goaway {
	if (end - start < 5) throw new ProtocolError("GOAWAY is malformed");
	return {
		lastStream: readU32(bytes, start),
		code: bytes[start + 4] ?? 0,
		message: text.readText(bytes, start + 5, end),
	};
}
