import { expect, test } from "vitest";
import { steadyRound } from "./steady-round.ts";

/** Lets the event loop stand still. */
function standStill(milliseconds: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test("a round that fails after the process stood still is made again", async () => {
	const rounds: number[] = [];
	await steadyRound(20, async (number) => {
		rounds.push(number);
		if (number < 2) {
			standStill(50);
			throw new Error("the lease is lost");
		}
	});
	expect(rounds).toEqual([0, 1, 2]);
});

test("a round that fails in a process that ran is the verdict", async () => {
	const failing = steadyRound(60_000, () => Promise.reject(new Error("the event was handled twice")));
	await expect(failing).rejects.toThrow("the event was handled twice");
});
