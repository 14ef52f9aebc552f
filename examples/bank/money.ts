import * as z from "zod";

/** An amount of money that moves, in pence: at least one, at most a hundred thousand pounds. */
export const Amount = z.int().min(1).max(100_000_00);

/** Identifies a movement of money for ever. Repeating the movement moves nothing. */
export const MovementId = z.string().min(1).max(64);

/** An amount for people: `£4.20`. */
export function pounds(pence: number): string {
	return `£${(pence / 100).toFixed(2)}`;
}
