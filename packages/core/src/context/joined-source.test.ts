import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Cancellation } from "./cancellation.ts";
import { countedSource } from "./fixtures/counted-source.ts";
import { JoinedSource } from "./joined-source.ts";
import { SignalSource } from "./signal-source.ts";

const never = Number.POSITIVE_INFINITY;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("two joined sources", () => {
	test.each([0, 1])("end with the one that ends first (%i)", (which) => {
		const sources = [new Cancellation(undefined, 100), new Cancellation(undefined, 50)] as const;
		const joined = new Cancellation(new JoinedSource(...sources), never);
		const listener = vi.fn();
		joined.listen(listener);
		sources[which]?.cancel("this one");
		expect(listener).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ cause: "this one" }));
		expect(joined.deadline).toBe(50);
	});

	test("are both let go", () => {
		const [one, other] = [countedSource(), countedSource()];
		const joined = new Cancellation(new JoinedSource(one, other), never);
		joined.listen(() => {})();
		expect([one.listeners.size, other.listeners.size]).toEqual([0, 0]);
	});

	test.each([0, 1])("are both let go where one of them had ended before (%i)", (which) => {
		const ended = new Cancellation(undefined, never);
		ended.cancel();
		const goesOn = countedSource();
		const joined = which === 0 ? new JoinedSource(ended, goesOn) : new JoinedSource(goesOn, ended);
		const told = vi.fn();
		new Cancellation(joined, never).follow({ onEnd: told });
		expect([told.mock.calls.length, goesOn.listeners.size]).toEqual([1, 0]);
	});

	test("are both let go where one is a signal, and the other had ended before", () => {
		const ended = new Cancellation(undefined, never);
		ended.cancel();
		const { signal } = new AbortController();
		new Cancellation(new SignalSource(ended, signal), never).follow({ onEnd: vi.fn() });
		expect(getEventListeners(signal, "abort")).toEqual([]);
	});
});
