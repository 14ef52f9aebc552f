import { afterEach, describe, expect, test, vi } from "vitest";
import { ServiceError } from "../errors/service-error.ts";
import { CallScope, succeeded } from "./call-scope.ts";
import { Context } from "./context.ts";
import { onSettled } from "./on-settled.ts";

afterEach(() => void vi.unstubAllGlobals());

function call() {
	const scope = new CallScope();
	return { scope, ctx: Context.background()["~with"]({ scope }) };
}

describe("onSettled", () => {
	test("calls back with the outcome when the call ends", () => {
		const { scope, ctx } = call();
		const listener = vi.fn();
		onSettled(ctx, listener);
		expect(listener).not.toHaveBeenCalled();
		scope.settle(succeeded);
		expect(listener).toHaveBeenCalledExactlyOnceWith({ ok: true });
	});

	test("calls back once: the first outcome counts", () => {
		const { scope, ctx } = call();
		const listener = vi.fn();
		onSettled(ctx, listener);
		const failed = { ok: false, error: new ServiceError({ code: "aborted" }) } as const;
		scope.settle(failed);
		scope.settle(succeeded);
		expect(listener).toHaveBeenCalledExactlyOnceWith(failed);
	});

	test("calls back at once when the call has ended", () => {
		const { scope, ctx } = call();
		scope.settle(succeeded);
		const listener = vi.fn();
		onSettled(ctx, listener);
		expect(listener).toHaveBeenCalledExactlyOnceWith({ ok: true });
	});

	test("holds for contexts derived from the call's", () => {
		const { scope, ctx } = call();
		const listener = vi.fn();
		onSettled(ctx.withTimeout(5).withMetadata({ a: "1" }).withCancel().ctx, listener);
		scope.settle(succeeded);
		expect(listener).toHaveBeenCalledOnce();
	});

	test("tells the others too when one throws or rejects, and logs that", async () => {
		const log = vi.fn();
		const { scope, ctx } = call();
		const listener = vi.fn();
		const [thrown, rejected] = [new Error("at once"), new Error("later")];
		onSettled(ctx, () => {
			throw thrown;
		});
		onSettled(ctx, async () => {
			throw rejected;
		});
		onSettled(ctx, listener);
		scope.settle(succeeded, { log });
		expect(listener).toHaveBeenCalledOnce();
		await vi.waitFor(() => expect(log).toHaveBeenCalledTimes(2));
		const message = "a listener of onSettled threw";
		expect(log.mock.calls).toEqual([
			["error", message, { error: thrown }],
			["error", message, { error: rejected }],
		]);
	});

	test("throws at a listener that comes when the call is over", () => {
		const { scope, ctx } = call();
		scope.settle(succeeded);
		const listen = () =>
			onSettled(ctx, () => {
				throw new Error("bug");
			});
		expect(listen).toThrow("bug");
	});

	test("refuses a context that belongs to no call", () => {
		const message = "onSettled needs the context of a call";
		expect(() => onSettled(Context.background(), () => {})).toThrow(message);
		expect(() => onSettled(call().ctx.withoutCancel(), () => {})).toThrow(message);
	});
});

describe("the signal of a context", () => {
	test("that was derived for a call aborts when the call has ended", () => {
		const { scope, ctx } = call();
		const { signal } = ctx.withCancel().ctx;
		scope.settle(succeeded);
		expect(signal.reason).toMatchObject({ message: "the call is over" });
	});

	test("that the call was given by its caller does not", () => {
		const { ctx } = Context.background().withCancel();
		const scope = new CallScope();
		const { signal } = ctx["~with"]({ scope });
		scope.settle(succeeded);
		expect(signal.aborted).toBe(false);
	});

	test("goes on for work that was detached from the call", () => {
		const { scope, ctx } = call();
		scope.settle(succeeded);
		const { ctx: detached, cancel } = ctx.withoutCancel().withCancel();
		const { signal } = detached;
		cancel();
		expect(signal.aborted).toBe(true);
	});
});
