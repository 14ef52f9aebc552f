import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Context } from "./context.ts";
import { sleep } from "./sleep.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("waits as long as it is told", async () => {
	const awake = vi.fn();
	sleep(100, Context.background()).then(awake);
	await vi.advanceTimersByTimeAsync(99);
	expect(awake).not.toHaveBeenCalled();
	await vi.advanceTimersByTimeAsync(1);
	expect(awake).toHaveBeenCalledOnce();
});

test("ends with the context, without its timer", async () => {
	const { ctx, cancel } = Context.background().withCancel();
	const sleeping = sleep(100, ctx);
	cancel();
	await expect(sleeping).rejects.toBe(ctx.error);
	expect(vi.getTimerCount()).toBe(0);
});

test("rejects at once when the context has ended", async () => {
	const { ctx, cancel } = Context.background().withCancel();
	cancel();
	await expect(sleep(100, ctx)).rejects.toBe(ctx.error);
	expect(vi.getTimerCount()).toBe(0);
});
