import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/**
 * How much memory this process needs at present, in bytes. What was garbage is collected first, so that the figure does
 * not depend on when the engine found the time to. The bytes of buffers are freed beside the program, so that a first
 * collection may still count those that it found unused.
 */
export function bytesInUse(): number {
	collect();
	collect();
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}
