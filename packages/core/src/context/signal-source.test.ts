import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Cancellation } from "./cancellation.ts";
import { SignalSource } from "./signal-source.ts";

const never = Number.POSITIVE_INFINITY;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("a signal of the platform", () => {
	test("ends what it is joined to, with its reason as the cause", () => {
		const controller = new AbortController();
		const joined = new Cancellation(
			new SignalSource(new Cancellation(undefined, never), controller.signal),
			never,
		);
		const listener = vi.fn();
		joined.listen(listener);
		controller.abort("enough");
		expect(listener).toHaveBeenCalledExactlyOnceWith(
			expect.objectContaining({ code: "canceled", cause: "enough" }),
		);
	});

	test("counts when it was aborted before", () => {
		const source = new SignalSource(new Cancellation(undefined, never), AbortSignal.abort());
		expect(new Cancellation(source, never).error?.code).toBe("canceled");
	});

	test("does not hinder the parent's end or deadline", () => {
		const parent = new Cancellation(undefined, performance.now() + 10);
		const joined = new Cancellation(new SignalSource(parent, new AbortController().signal), never);
		const listener = vi.fn();
		joined.listen(listener);
		expect(joined.deadline).toBe(parent.deadline);
		vi.advanceTimersByTime(10);
		expect(listener).toHaveBeenCalledOnce();
	});

	test("is listened to only while somebody listens", () => {
		const { signal } = new AbortController();
		const add = vi.spyOn(signal, "addEventListener");
		const remove = vi.spyOn(signal, "removeEventListener");
		const joined = new Cancellation(new SignalSource(new Cancellation(undefined, never), signal), never);
		expect(add).not.toHaveBeenCalled();
		joined.listen(() => {})();
		expect(add).toHaveBeenCalledOnce();
		expect(remove).toHaveBeenCalledExactlyOnceWith("abort", add.mock.calls[0]?.[1]);
	});
});
