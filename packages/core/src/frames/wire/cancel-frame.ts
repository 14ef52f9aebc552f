import { FrameType } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";

/** Begins a CANCEL: the client gives its call up. It has no payload. */
export function beginCancel(writer: FrameWriter, stream: number): void {
	writer.begin(FrameType.cancel, 0, stream, 0);
}
