import { describe, expect, test, vi } from "vitest";
import { abandon, leave } from "./leave-stream.ts";

describe("leaving a stream", () => {
	test("waits until its producer has stopped", async () => {
		const stopped = Promise.withResolvers<IteratorResult<unknown>>();
		const left = vi.fn();
		const leaving = leave({ next: () => Promise.reject(), return: () => stopped.promise }).then(left);
		await Promise.resolve();
		expect(left).not.toHaveBeenCalled();
		stopped.resolve({ done: true, value: "ignored" });
		await leaving;
		expect(left).toHaveBeenCalledExactlyOnceWith({ done: true, value: undefined });
	});

	test("tells of a producer that fails to stop", async () => {
		const broken = { next: () => Promise.reject(), return: () => Promise.reject(new Error("stuck")) };
		await expect(leave(broken)).rejects.toThrow("stuck");
	});

	test("needs neither a stream nor one that can be stopped", async () => {
		const ended = { done: true, value: undefined };
		expect([await leave(undefined), await leave({ next: () => Promise.reject() })]).toEqual([ended, ended]);
	});
});

describe("abandoning a stream", () => {
	test("stops its producer, whatever that makes of it", async () => {
		const stop = vi.fn(() => Promise.reject(new Error("stuck")));
		abandon({ next: () => Promise.reject(), return: stop });
		await new Promise((resolve) => setImmediate(resolve));
		expect(stop).toHaveBeenCalledOnce();
	});

	test.each([
		["throws at once", () => expect.unreachable()],
		["gives no promise", () => ({ done: true, value: undefined })],
		["is no function", 7],
	])("takes no harm from a return that %s", async (_, stop) => {
		abandon({ next: () => Promise.reject(), return: stop as never });
		await new Promise((resolve) => setImmediate(resolve));
	});
});
