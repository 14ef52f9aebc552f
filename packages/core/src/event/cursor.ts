import { fnv1a } from "../encoding/fnv1a.ts";
import type { Cursor } from "./log.ts";

/** The digits of the largest safe integer in base 36, so that cursors sort as their positions do. */
const digits = 11;

/** How many numbers two digits have. */
const pairs = 36 * 36;
/** The texts of these numbers, with a zero before a single digit and without, as far as they were needed. */
const paddedPairs: string[] = [];
const plainPairs: string[] = [];

/** The digits of the last cursor before its last two: most cursors are made in order, and share them. */
let head = -1;
let headText = "";

/**
 * A cursor of a log that counts its positions.
 *
 * @param position The first is 1.
 * @param identity What no other event at this position has, such as the id of the event.
 */
export function cursorAt(position: number, identity: string): Cursor {
	const upper = Math.floor(position / pairs);
	if (upper !== head) {
		head = upper;
		headText = upper.toString(36).padStart(digits - 2, "0");
	}
	return `${headText}${paddedPair(position - upper * pairs)}-${base36(fnv1a(identity))}`;
}

/** As `toString(36)`, in half of its time. */
function base36(number: number): string {
	if (number < pairs) {
		plainPairs[number] ??= number.toString(36);
		return plainPairs[number];
	}
	const upper = Math.floor(number / pairs);
	return base36(upper) + paddedPair(number - upper * pairs);
}

function paddedPair(number: number): string {
	paddedPairs[number] ??= number.toString(36).padStart(2, "0");
	return paddedPairs[number];
}

/** The position of a cursor that {@link cursorAt} made; 0 for `""`. Of any other text, one that no event has. */
export function positionOf(cursor: Cursor): number {
	if (cursor === "") return 0;
	if (!/^[0-9a-z]{11}-/.test(cursor)) return Number.MAX_SAFE_INTEGER;
	return Math.min(Number.parseInt(cursor.slice(0, digits), 36), Number.MAX_SAFE_INTEGER);
}
