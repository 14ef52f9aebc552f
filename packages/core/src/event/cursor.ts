import { fnv1a } from "../encoding/fnv1a.ts";
import type { Cursor } from "./log.ts";

/** The digits of the largest safe integer in base 36, so that cursors sort as their positions do. */
const digits = 11;

/**
 * A cursor of a log that counts its positions.
 *
 * @param position The first is 1.
 * @param identity What no other event at this position has, such as the id of the event.
 */
export function cursorAt(position: number, identity: string): Cursor {
	return `${position.toString(36).padStart(digits, "0")}-${fnv1a(identity).toString(36)}`;
}

/** The position of a cursor that {@link cursorAt} made; 0 for `""`. Of any other text, one that no event has. */
export function positionOf(cursor: Cursor): number {
	if (cursor === "") return 0;
	if (!/^[0-9a-z]{11}-/.test(cursor)) return Number.MAX_SAFE_INTEGER;
	return Math.min(Number.parseInt(cursor.slice(0, digits), 36), Number.MAX_SAFE_INTEGER);
}
