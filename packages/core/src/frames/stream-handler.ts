import type { ServiceError } from "../errors/service-error.ts";
import type { Expiring } from "../transport/deadlines.ts";

/** The parts of a stream that its connection needs: the id, and the windows in both directions. */
export interface StreamWindows {
	readonly id: number;
	/** Bytes of a message arrived. Returns whether the other side kept to the window. */
	received(bytes: number): boolean;
	/** The other side returned credit. */
	extend(bytes: number): void;
}

/**
 * The owner of a stream, which is the client's or the server's side of a call. The connection tells it what happens on
 * the stream.
 */
export interface StreamHandler extends Expiring {
	readonly stream: StreamWindows;
	/** A fragment of a message arrived. The handler returns the credit of its bytes. */
	onMessage(bytes: Uint8Array, start: number, end: number, more: boolean, last: boolean): void;
	/** A frame of another type arrived for this stream. */
	onFrame(type: number, flags: number, bytes: Uint8Array, start: number, end: number): void;
	/** The connection is gone, or never took the stream. */
	onLost(error: ServiceError): void;
}
