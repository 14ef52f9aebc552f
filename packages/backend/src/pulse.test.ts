import { expect, test } from "vitest";
import { Pulse } from "./pulse.ts";

test("a server is asked again and again, and each silence is told", async () => {
	const answers = [true, false, true, false];
	const missed: unknown[] = [];
	let asked = 0;
	const pulse = new Pulse({
		everyMs: 1,
		ask: async () => {
			if (answers[asked++] === false) throw new Error(`silence ${asked}`);
		},
		missed: (error) => missed.push(error),
	});
	pulse.start();
	await expect.poll(() => asked).toBeGreaterThanOrEqual(6);
	pulse.stop();
	expect(missed).toEqual([new Error("silence 2"), new Error("silence 4")]);
});

test("after it was stopped, nothing is asked, and an answer that comes late is not told", async () => {
	const silence = Promise.withResolvers<void>();
	let asked = 0;
	const missed: unknown[] = [];
	const pulse = new Pulse({
		everyMs: 1,
		ask: () => {
			asked++;
			return silence.promise;
		},
		missed: (error) => missed.push(error),
	});
	pulse.start();
	await expect.poll(() => asked).toBe(1);
	pulse.stop();
	silence.reject(new Error("too late"));
	await silence.promise.catch(() => {});
	await new Promise((resolve) => setImmediate(resolve));
	expect([asked, missed]).toEqual([1, []]);
});
