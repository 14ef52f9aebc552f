import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Context } from "../../context/context.ts";
import { attempt } from "./attempt.ts";

const ctx = Context.background();
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("gives what the backend answers, and leaves no timer", async () => {
	await expect(attempt(100, ctx, async () => 42)).resolves.toBe(42);
	await expect(attempt(100, ctx, () => Promise.reject(new Error("away")))).rejects.toThrow("away");
	const thrown = attempt(100, ctx, () => {
		throw new Error("broken");
	});
	await expect(thrown).rejects.toThrow("broken");
	expect(vi.getTimerCount()).toBe(0);
});

test("does not wait for ever for a backend that never answers", async () => {
	const failed = expect(attempt(100, ctx, () => new Promise(() => {}))).rejects.toMatchObject({
		code: "deadline_exceeded",
		message: "no answer within 100 ms",
	});
	await vi.advanceTimersByTimeAsync(100);
	await failed;
	expect(vi.getTimerCount()).toBe(0);
});

test("ends with its context", async () => {
	const { ctx: limited, cancel } = ctx.withCancel();
	const failed = expect(attempt(100, limited, () => new Promise(() => {}))).rejects.toMatchObject({
		code: "canceled",
	});
	cancel();
	await failed;
});
