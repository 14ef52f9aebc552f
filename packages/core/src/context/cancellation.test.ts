import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ServiceError } from "../errors/service-error.ts";
import { CallScope, succeeded } from "./call-scope.ts";
import { Cancellation } from "./cancellation.ts";
import { countedSource } from "./fixtures/counted-source.ts";

const never = Number.POSITIVE_INFINITY;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("a cancellation", () => {
	test("goes on until it is cancelled", () => {
		const cancellation = new Cancellation(undefined, never);
		expect(cancellation.error).toBeUndefined();
		cancellation.cancel();
		expect(cancellation.error).toMatchObject({ code: "canceled", message: "the call was canceled" });
	});

	test("ends with its parent", () => {
		const parent = new Cancellation(undefined, never);
		const child = new Cancellation(new Cancellation(parent, never), never);
		parent.cancel();
		expect(child.error).toBe(parent.error);
	});

	test("does not end its parent", () => {
		const parent = new Cancellation(undefined, never);
		new Cancellation(parent, never).cancel();
		expect(parent.error).toBeUndefined();
	});

	test("keeps the first reason", () => {
		const parent = new Cancellation(undefined, never);
		const child = new Cancellation(parent, never);
		parent.cancel("first");
		child.cancel("second");
		expect(child.error?.cause).toBe("first");
	});

	test("keeps a deadline that passed unnoticed as its reason", () => {
		const cancellation = new Cancellation(undefined, performance.now() + 10);
		vi.advanceTimersByTime(10);
		cancellation.cancel();
		expect(cancellation.error?.code).toBe("deadline_exceeded");
	});

	test("keeps the code of a reason that is an end, and no other", () => {
		const codes = (["canceled", "deadline_exceeded", "unavailable", "internal"] as const).map((code) => {
			const cancellation = new Cancellation(undefined, never);
			cancellation.cancel(new ServiceError({ code }));
			return cancellation.error?.code;
		});
		expect(codes).toEqual(["canceled", "deadline_exceeded", "unavailable", "canceled"]);
	});

	test("tells every listener once, one that comes late at once", () => {
		const cancellation = new Cancellation(undefined, never);
		const told: string[] = [];
		cancellation.listen(() => told.push("a"));
		cancellation.listen(() => told.push("b"));
		cancellation.cancel();
		cancellation.cancel();
		cancellation.listen(() => told.push("late"));
		expect(told).toEqual(["a", "b", "late"]);
	});

	test("does not tell a listener that stopped", () => {
		const cancellation = new Cancellation(undefined, never);
		const listener = vi.fn();
		cancellation.listen(listener)();
		cancellation.cancel();
		expect(listener).not.toHaveBeenCalled();
	});
});

describe("a deadline", () => {
	test("is the sooner of its own and its parent's", () => {
		const parent = new Cancellation(undefined, 100);
		expect(new Cancellation(parent, 200).deadline).toBe(100);
		expect(new Cancellation(parent, 50).deadline).toBe(50);
	});

	test("ends the cancellation when it passes, whether somebody listens or not", () => {
		const watched = new Cancellation(undefined, performance.now() + 10);
		const unwatched = new Cancellation(undefined, performance.now() + 10);
		const listener = vi.fn();
		watched.listen(listener);
		vi.advanceTimersByTime(9);
		expect(listener).not.toHaveBeenCalled();
		vi.advanceTimersByTime(1);
		expect(listener).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "deadline_exceeded" }));
		expect(unwatched.error?.code).toBe("deadline_exceeded");
	});

	test("may be further away than a timer reaches", () => {
		const month = 31 * 24 * 3600 * 1000;
		const cancellation = new Cancellation(undefined, performance.now() + month);
		const listener = vi.fn();
		cancellation.listen(listener);
		vi.advanceTimersByTime(month - 1);
		expect(listener).not.toHaveBeenCalled();
		vi.advanceTimersByTime(1);
		expect(listener).toHaveBeenCalledOnce();
	});
});

describe("while there is no listener", () => {
	test("there is no timer and no link to the parent", () => {
		const parent = countedSource();
		new Cancellation(parent, performance.now() + 10);
		expect([vi.getTimerCount(), parent.listeners.size]).toEqual([0, 0]);
	});

	test("there is none any more, once the last listener has left", () => {
		const parent = countedSource();
		const cancellation = new Cancellation(parent, performance.now() + 10);
		const leave = [cancellation.listen(() => {}), cancellation.listen(() => {})];
		expect([vi.getTimerCount(), parent.listeners.size]).toEqual([1, 1]);
		leave[0]?.();
		expect([vi.getTimerCount(), parent.listeners.size]).toEqual([1, 1]);
		leave[1]?.();
		expect([vi.getTimerCount(), parent.listeners.size]).toEqual([0, 0]);
	});

	test("nor after the end", () => {
		const parent = countedSource();
		const cancellation = new Cancellation(parent, performance.now() + 10);
		cancellation.listen(() => {});
		cancellation.cancel();
		expect([vi.getTimerCount(), parent.listeners.size]).toEqual([0, 0]);
	});

	test("a follower is told of the end, but takes no timer for the deadline", () => {
		const cancellation = new Cancellation(undefined, performance.now() + 100);
		const ended = vi.fn();
		cancellation.follow({ onEnd: ended });
		expect(vi.getTimerCount()).toBe(0);
		cancellation.cancel();
		expect(ended).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "canceled" }));
	});

	test("a follower that stops another while they are told keeps it from being told", () => {
		const cancellation = new Cancellation(undefined, never);
		const told: string[] = [];
		const first = cancellation.follow({
			onEnd() {
				told.push("first");
				second.stop();
			},
		});
		const second = cancellation.follow({ onEnd: () => void told.push("second") });
		cancellation.follow({ onEnd: () => void told.push("third") });
		cancellation.cancel();
		first.stop();
		expect(told).toEqual(["first", "third"]);
	});

	test("followers stop in any order, the parent is let go with the last", () => {
		const parent = countedSource();
		const cancellation = new Cancellation(parent, never);
		const [one, two, three] = [1, 2, 3].map(() => cancellation.follow({ onEnd: () => {} }));
		two?.stop();
		two?.stop();
		one?.stop();
		expect(parent.listeners.size).toBe(1);
		three?.stop();
		expect(parent.listeners.size).toBe(0);
	});

	test("a chain of children with one deadline takes one timer", () => {
		const root = new Cancellation(undefined, performance.now() + 10);
		const leaf = new Cancellation(new Cancellation(root, never), never);
		leaf.listen(() => {});
		expect(vi.getTimerCount()).toBe(1);
	});
});

describe("the signal of a cancellation", () => {
	test("is always the same, and aborts with the error", () => {
		const cancellation = new Cancellation(undefined, never);
		const { signal } = cancellation;
		expect(cancellation.signal).toBe(signal);
		expect(signal.aborted).toBe(false);
		cancellation.cancel();
		expect(signal.reason).toBe(cancellation.error);
	});

	test("is aborted from the start when the end came before", () => {
		const cancellation = new Cancellation(undefined, never);
		cancellation.cancel();
		expect(cancellation.signal.aborted).toBe(true);
	});

	test("aborts when the call that it was made for settles, and lets go of timer and parent", () => {
		const parent = countedSource();
		const scope = new CallScope();
		const { signal } = new Cancellation(parent, performance.now() + 10, scope);
		expect([vi.getTimerCount(), parent.listeners.size]).toEqual([1, 1]);
		scope.settle(succeeded);
		expect([vi.getTimerCount(), parent.listeners.size]).toEqual([0, 0]);
		expect(signal.reason).toMatchObject({ code: "canceled", message: "the call is over" });
	});
});
