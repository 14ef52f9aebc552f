import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { endedInMicrotasks } from "./microtasks.ts";

const refused = { code: "failed_precondition", message: expect.stringContaining("awaits something else") };

test("work that awaits only what is ready comes to its result, however often it awaits", async () => {
	const work = endedInMicrotasks(async () => {
		for (let count = 0; count < 10_000; count++) await undefined;
		return "done";
	});
	await expect(work).resolves.toBe("done");
});

test("what the work throws comes back unchanged", async () => {
	const own = new RangeError("mine");
	await expect(endedInMicrotasks(() => Promise.reject(own))).rejects.toBe(own);
	const thrown = endedInMicrotasks(() => {
		throw own;
	});
	await expect(thrown).rejects.toBe(own);
});

test.each([
	["a turn of the event loop", () => nextTurn()],
	["a tick of the process", () => new Promise<void>((resolve) => process.nextTick(resolve))],
	["a tick that was asked for before", () => earlierTick],
	["what never comes", () => new Promise<void>(() => undefined)],
])("work that awaits %s is refused before anything else of the process runs", async (_, awaited) => {
	let hasTurned = false;
	const turn = nextTurn().then(() => {
		hasTurned = true;
	});
	earlierTick = new Promise<void>((resolve) => process.nextTick(resolve));
	await expect(endedInMicrotasks(awaited)).rejects.toMatchObject(refused);
	expect(hasTurned).toBe(false);
	await turn;
});

let earlierTick: Promise<void>;
