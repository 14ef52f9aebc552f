import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { Sendings } from "./sendings.ts";

const ctx = Context.background().withTimeout(1_000);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function never(): Promise<never> {
	return new Promise(() => {});
}

test("the deadlines of all that is being sent share one timer, which ends with the last of it", async () => {
	const sendings = new Sendings();
	const gate = Promise.withResolvers<string>();
	const sent = [1, 2, 3].map((n) => {
		return sendings.run(Context.background().withTimeout(1_000 + n), () => gate.promise);
	});
	expect(vi.getTimerCount()).toBe(1);
	gate.resolve("sent");
	expect(await Promise.all(sent)).toEqual(["sent", "sent", "sent"]);
	expect(vi.getTimerCount()).toBe(0);
});

test("at its deadline, waiting ends, and so does the context of what is being sent", async () => {
	const sendings = new Sendings();
	const ended = vi.fn();
	const sent = sendings.run(Context.background().withTimeout(1_000), (ctx) => {
		ctx["~cancellation"].listen(ended);
		return never();
	});
	const failure = expect(sent).rejects.toMatchObject({ code: "deadline_exceeded" });
	await vi.advanceTimersByTimeAsync(999);
	expect(ended).not.toHaveBeenCalled();
	await vi.advanceTimersByTimeAsync(1);
	expect(ended).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "deadline_exceeded" }));
	await failure;
	expect(vi.getTimerCount()).toBe(0);
});

test("a later deadline is kept when an earlier one has passed", async () => {
	const sendings = new Sendings();
	const early = sendings.run(Context.background().withTimeout(100), never);
	const late = sendings.run(Context.background().withTimeout(200), never);
	const failures = [early, late].map((sent) =>
		expect(sent).rejects.toMatchObject({ code: "deadline_exceeded" }),
	);
	await vi.advanceTimersByTimeAsync(100);
	await failures[0];
	await vi.advanceTimersByTimeAsync(100);
	await failures[1];
});

test("waiting ends with the caller, too", async () => {
	const { ctx, cancel } = Context.background().withTimeout(1_000).withCancel();
	const sent = new Sendings().run(ctx, never);
	cancel();
	await expect(sent).rejects.toMatchObject({ code: "canceled" });
	expect(vi.getTimerCount()).toBe(0);
});

test("a caller that has ended is not waited for", async () => {
	const { ctx, cancel } = Context.background().withTimeout(1_000).withCancel();
	cancel();
	await expect(new Sendings().run(ctx, never)).rejects.toMatchObject({ code: "canceled" });
	expect(vi.getTimerCount()).toBe(0);
});

test("what cannot be sent rejects, also where that throws", async () => {
	const fault = new Error("no connection");
	const throws = (): never => {
		throw fault;
	};
	await expect(new Sendings().run(ctx, throws)).rejects.toBe(fault);
	await expect(new Sendings().run(ctx, async () => throws())).rejects.toBe(fault);
	expect(vi.getTimerCount()).toBe(0);
});
