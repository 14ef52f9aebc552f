import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CallScope, succeeded } from "./call-scope.ts";
import { Cancellation } from "./cancellation.ts";
import { Deadline } from "./deadline.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

function given() {
	const parent = new Cancellation(undefined, Number.POSITIVE_INFINITY);
	const scope = new CallScope();
	return { parent, scope, deadline: new Deadline(parent, performance.now() + 10, scope) };
}

describe("a deadline", () => {
	test("ends when its time is up, with one error for all", () => {
		const { deadline } = given();
		expect(deadline.error).toBeUndefined();
		vi.advanceTimersByTime(10);
		expect(deadline.error?.code).toBe("deadline_exceeded");
		expect(deadline.error).toBe(deadline.error);
		expect(deadline.signal.reason).toBe(deadline.error);
	});

	test("ends with its parent", () => {
		const { parent, deadline } = given();
		parent.cancel("enough");
		expect(deadline.error).toBe(parent.error);
	});

	test("does not end its parent", () => {
		const { parent } = given();
		vi.advanceTimersByTime(10);
		expect(parent.error).toBeUndefined();
	});

	test.each([
		["time is up", "deadline_exceeded", () => vi.advanceTimersByTime(10)],
		["the parent ends", "canceled", (parent: Cancellation) => parent.cancel()],
	])("tells who listens when %s, and leaves no timer", (_, code, happen) => {
		const { parent, deadline } = given();
		const listener = vi.fn();
		deadline.listen(listener);
		happen(parent);
		expect(listener).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code }));
		expect(vi.getTimerCount()).toBe(0);
	});

	test("tells a follower of the parent's end, and starts no timer for it", () => {
		const { parent, deadline } = given();
		const onEnd = vi.fn();
		deadline.follow({ onEnd });
		expect(vi.getTimerCount()).toBe(0);
		parent.cancel();
		expect(onEnd).toHaveBeenCalledOnce();
	});

	test("aborts its signal with the call that it was made for", () => {
		const { scope, deadline } = given();
		const { signal } = deadline;
		scope.settle(succeeded);
		expect([signal.aborted, vi.getTimerCount()]).toEqual([true, 0]);
	});
});
