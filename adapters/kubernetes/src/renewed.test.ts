import { afterEach, expect, test, vi } from "vitest";
import { Renewed } from "./renewed.ts";

afterEach(() => vi.useRealTimers());

/** A value that counts how often it was read. */
function counted(): Renewed<number> {
	let reads = 0;
	return new Renewed(async () => ++reads);
}

test("a value is read again after a minute", async () => {
	vi.useFakeTimers({ toFake: ["performance"] });
	const value = counted();
	expect(await value.get(false)).toBe(1);
	vi.advanceTimersByTime(59_000);
	expect(await value.get(false)).toBe(1);
	vi.advanceTimersByTime(1_000);
	expect(await value.get(false)).toBe(2);
});

test("a value that holds no longer is read again at once", async () => {
	const value = counted();
	expect(await value.get(false)).toBe(1);
	expect(await value.get(true)).toBe(2);
});

test("a value that could not be read is read again by the next that asks", async () => {
	let reads = 0;
	const value = new Renewed(async () => {
		if (++reads === 1) throw new Error("it is being replaced");
		return reads;
	});
	await expect(value.get(false)).rejects.toThrow("it is being replaced");
	expect(await value.get(false)).toBe(2);
});
