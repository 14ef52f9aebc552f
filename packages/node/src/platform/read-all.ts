import type { Readable } from "node:stream";

/**
 * All bytes that a stream holds; null when there are none. Node 26 returns one chunk unless it is told how many bytes.
 */
export function readAll(stream: Readable): Buffer | null {
	const { readableLength } = stream;
	return readableLength === 0 ? stream.read() : stream.read(readableLength);
}
