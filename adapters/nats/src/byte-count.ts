/** Counts of the bytes of a stream begin again at 0 after 2³² of them, as those of TCP do. */

/** How far a count is ahead of another one. */
export function distance(from: number, to: number): number {
	return (to - from) >>> 0;
}

/** A count after so many more bytes. */
export function sum(count: number, bytes: number): number {
	return (count + bytes) >>> 0;
}
