import type { Cursor } from "@allium/core/event";

/** The place of an event in its topic. */
export interface Position {
	readonly lane: number;
	readonly cursor: Cursor;
}

/** A position in the form for people: `3:0000000000a-1f`. */
export function positionText({ lane, cursor }: Position): string {
	return `${lane}:${cursor}`;
}

/** Reads a position. Undefined if the text is not one. */
export function parsePosition(text: string): Position | undefined {
	const [, lane, cursor] = /^(\d{1,6}):(.+)$/.exec(text) ?? [];
	return lane === undefined || cursor === undefined ? undefined : { lane: Number(lane), cursor };
}
