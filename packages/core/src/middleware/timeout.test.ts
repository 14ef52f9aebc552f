import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { timeout } from "./timeout.ts";

const C = contract("c", {
	unary: method({}),
	upload: method({ input: stream(z.int()) }),
	watch: method({ output: stream(z.int()) }),
});

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** Never answers, but fails when its context ends. */
const silent: Endpoint = (_, ctx) =>
	new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.error)));

describe("a call that is answered once", () => {
	test.each([C.unary, C.upload])("has a deadline as a whole: $kind", async (method) => {
		const next = vi.fn<Endpoint>(async () => {});
		await timeout(500)(next, method)({}, Context.background());
		expect(next.mock.calls[0]?.[1].remaining()).toBe(500);
	});

	test("has 10 s unless told otherwise", async () => {
		const call = timeout()(silent, C.unary)({}, Context.background());
		const failed = expect(call).rejects.toMatchObject({ code: "deadline_exceeded" });
		await vi.advanceTimersByTimeAsync(10_000);
		await failed;
	});

	test("keeps a caller's deadline that is sooner", async () => {
		const next = vi.fn<Endpoint>(async () => {});
		await timeout(500)(next, C.unary)({}, Context.background().withTimeout(100));
		expect(next.mock.calls[0]?.[1].remaining()).toBe(100);
	});

	test("starts no timer while nothing waits for its end", async () => {
		await timeout(500)(async () => {}, C.unary)({}, Context.background());
		expect(vi.getTimerCount()).toBe(0);
	});
});

describe("an output stream", () => {
	test("must be accepted in time", async () => {
		const call = timeout(500)(silent, C.watch)({}, Context.background());
		const failed = expect(call).rejects.toMatchObject({ code: "deadline_exceeded" });
		await vi.advanceTimersByTimeAsync(500);
		await failed;
	});

	test("may go on for ever after that", async () => {
		const next = vi.fn<Endpoint>(async () => []);
		await timeout(500)(next, C.watch)({}, Context.background());
		const ctx = next.mock.calls[0]?.[1];
		await vi.advanceTimersByTimeAsync(5000);
		expect([ctx?.error, ctx?.deadline, vi.getTimerCount()]).toEqual([undefined, Number.POSITIVE_INFINITY, 0]);
	});

	test("may wait for ever when told so", async () => {
		const settled = vi.fn();
		timeout(Number.POSITIVE_INFINITY)(silent, C.watch)({}, Context.background()).then(settled, settled);
		await vi.advanceTimersByTimeAsync(3600_000);
		expect(settled).not.toHaveBeenCalled();
	});

	test("still ends with its caller", async () => {
		const next = vi.fn<Endpoint>(async () => []);
		const { ctx, cancel } = Context.background().withCancel();
		await timeout(500)(next, C.watch)({}, ctx);
		cancel();
		expect(next.mock.calls[0]?.[1].error?.code).toBe("canceled");
	});
});
