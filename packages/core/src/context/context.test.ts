import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "./context.ts";
import { contextKey } from "./key.ts";
import { ResponseMetadata } from "./response.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const root = Context.background();

describe("the background", () => {
	test("never ends and holds nothing", () => {
		expect(Context.background()).toBe(root);
		expect(root.error).toBeUndefined();
		expect(root.deadline).toBe(Number.POSITIVE_INFINITY);
		expect(root.remaining()).toBe(Number.POSITIVE_INFINITY);
		expect([root.metadata.size, root.outgoing.size, root.peer]).toEqual([0, 0, undefined]);
	});

	test("keeps nobody who follows it, as calls do by the million", () => {
		const cancellation = root["~cancellation"];
		const told = vi.fn();
		expect(cancellation.follow({ onEnd: told })).toBe(cancellation.follow({ onEnd: told }));
		expect(told).not.toHaveBeenCalled();
	});

	test("has one signal, which never aborts", () => {
		expect(root.signal).toBe(root.signal);
		expect(root.signal.aborted).toBe(false);
	});
});

describe("a context with a timeout", () => {
	test("tells when it ends and how long that is", () => {
		const ctx = root.withTimeout(500);
		expect(ctx.deadline).toBe(performance.now() + 500);
		vi.advanceTimersByTime(200);
		expect(ctx.remaining()).toBe(300);
		vi.advanceTimersByTime(1000);
		expect(ctx.remaining()).toBe(0);
		expect(ctx.error?.code).toBe("deadline_exceeded");
	});

	test("aborts its signal", () => {
		const { signal } = root.withTimeout(500);
		vi.advanceTimersByTime(499);
		expect(signal.aborted).toBe(false);
		vi.advanceTimersByTime(1);
		expect(signal.reason).toMatchObject({ code: "deadline_exceeded" });
	});

	test("never outlives the one that it was derived from", () => {
		const parent = root.withTimeout(100);
		expect(parent.withTimeout(500)).toBe(parent);
		expect(parent.withTimeout(50).remaining()).toBe(50);
		expect(parent.withDeadline(Number.POSITIVE_INFINITY).remaining()).toBe(100);
	});

	test("leaves the original as it was", () => {
		root.withTimeout(1);
		vi.advanceTimersByTime(1);
		expect(root.error).toBeUndefined();
	});
});

describe("a context that can be cancelled", () => {
	test("ends when its owner says so, with what was derived from it", () => {
		const { ctx, cancel } = root.withTimeout(500).withCancel();
		const child = ctx.withValue(contextKey("any"), 1);
		cancel("enough");
		expect(child.error).toMatchObject({ code: "canceled", cause: "enough" });
	});

	test("ends with the one that it was derived from, not the reverse", () => {
		const parent = root.withCancel();
		const { ctx, cancel } = parent.ctx.withCancel();
		const sibling = parent.ctx.withCancel();
		cancel();
		expect([parent.ctx.error, sibling.ctx.error]).toEqual([undefined, undefined]);
		parent.cancel("all");
		expect([sibling.ctx.error?.cause, ctx.error?.cause]).toEqual(["all", undefined]);
	});

	test("ends with a signal of the platform", () => {
		const controller = new AbortController();
		const ctx = root.withSignal(controller.signal);
		controller.abort();
		expect(ctx.error?.code).toBe("canceled");
		expect(ctx.signal.aborted).toBe(true);
	});

	test("can be left behind, with its values kept", () => {
		const key = contextKey<string>("user");
		const { ctx, cancel } = root.withTimeout(500).withValue(key, "ann").withCancel();
		const detached = ctx.withoutCancel();
		cancel();
		expect([detached.error, detached.get(key)]).toEqual([undefined, "ann"]);
		expect(detached.remaining()).toBe(Number.POSITIVE_INFINITY);
	});
});

describe("a value", () => {
	const user = contextKey<string>("user");

	test("is found under its key, here and further down", () => {
		expect(root.withValue(user, "ann").withTimeout(5).get(user)).toBe("ann");
		expect(root.get(user)).toBeUndefined();
	});

	test("shadows what was there before, for those below only", () => {
		const outer = root.withValue(user, "ann");
		expect(outer.withValue(user, "bob").get(user)).toBe("bob");
		expect(outer.get(user)).toBe("ann");
	});

	test("is not found under another key of the same name", () => {
		expect(root.withValue(user, "ann").get(contextKey<string>("user"))).toBeUndefined();
	});
});

describe("outgoing metadata", () => {
	test("adds up, and a name given again replaces what it had", () => {
		const ctx = root.withMetadata({ a: ["1", "2"], b: "3" }).withMetadata({ a: "4", c: "5" });
		expect([...ctx.outgoing]).toEqual([
			["b", "3"],
			["a", "4"],
			["c", "5"],
		]);
	});

	test("leaves the original as it was", () => {
		root.withMetadata({ a: "1" });
		expect(root.outgoing.size).toBe(0);
	});

	test("is refused when it does not fit", () => {
		const ctx = root.withMetadata({ a: "x".repeat(5000) });
		expect(() => ctx.withMetadata({ b: "x".repeat(5000) })).toThrow(/more than 8192 bytes/);
		expect(() => ctx.withMetadata({ a: "x".repeat(5000) })).not.toThrow();
	});
});

describe("the response", () => {
	test("can be written where no call arrived, without effect", () => {
		root.response.headers.append("a", "1");
		expect(root.response.hasHeaders).toBe(false);
	});

	test("knows whether anything was written, and can begin again", () => {
		const response = new ResponseMetadata();
		expect([response.hasHeaders, response.hasTrailers, response.headers.size]).toEqual([false, false, 0]);
		response.headers.append("a", "1");
		response.trailers.append("b", "2");
		expect([response.hasHeaders, response.hasTrailers]).toEqual([true, true]);
		response["~clear"]();
		expect([response.headers.size, response.trailers.size]).toEqual([0, 0]);
	});
});
