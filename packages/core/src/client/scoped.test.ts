import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import type { Outcome } from "../context/call-scope.ts";
import { Context } from "../context/context.ts";
import { onSettled } from "../context/on-settled.ts";
import { contract } from "../contract/contract.ts";
import { type Method, method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { scoped } from "./scoped.ts";

const C = contract("c", { unary: method({}), watch: method({ output: stream(z.int()) }) });

/** Calls through a scope; `settled` hears of its end. */
function call(endpoint: Endpoint, method: Method, ctx = Context.background(), life?: Context) {
	const settled = vi.fn<(outcome: Outcome) => void>();
	const listening: Endpoint = (input, ctx) => {
		onSettled(ctx, settled);
		return endpoint(input, ctx);
	};
	const reply = scoped(listening, method, life)({}, ctx);
	return { settled, reply };
}

const aborted = () => serviceErrorFrom({ code: "aborted" }, { domain: "c" });
const failed = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) });

describe("a call settles", () => {
	test("with its reply", async () => {
		const { settled, reply } = call(async () => "reply", C.unary);
		expect(settled).not.toHaveBeenCalled();
		expect(await reply).toBe("reply");
		expect(settled).toHaveBeenCalledExactlyOnceWith({ ok: true });
	});

	test("with its error, the one that the caller sees", async () => {
		const error = aborted();
		const { settled, reply } = call(() => Promise.reject(error), C.unary);
		await expect(reply).rejects.toBe(error);
		expect(settled).toHaveBeenCalledExactlyOnceWith({ ok: false, error });
	});

	test("with an error that is thrown at once", async () => {
		const { settled, reply } = call(() => {
			throw new TypeError("bug");
		}, C.unary);
		await expect(reply).rejects.toThrow("bug");
		expect(settled).toHaveBeenCalledExactlyOnceWith(failed("internal"));
	});
});

describe("a stream settles", () => {
	async function* numbers(broken: boolean) {
		yield 1;
		if (broken) throw aborted();
		yield 2;
	}

	test("when it was read to its end", async () => {
		const { settled, reply } = call(async () => numbers(false), C.watch);
		const messages = (await reply) as AsyncIterable<unknown>;
		expect(settled).not.toHaveBeenCalled();
		expect(await Array.fromAsync(messages)).toEqual([1, 2]);
		expect(settled).toHaveBeenCalledExactlyOnceWith({ ok: true });
	});

	test("when it breaks", async () => {
		const { settled, reply } = call(async () => numbers(true), C.watch);
		await expect(Array.fromAsync((await reply) as AsyncIterable<unknown>)).rejects.toThrow();
		expect(settled).toHaveBeenCalledExactlyOnceWith(failed("aborted"));
	});

	test("when its reader breaks out of it", async () => {
		const { settled, reply } = call(async () => numbers(false), C.watch);
		for await (const _ of (await reply) as AsyncIterable<unknown>) break;
		expect(settled).toHaveBeenCalledExactlyOnceWith(failed("canceled"));
	});

	test("when it is refused", async () => {
		const { settled, reply } = call(() => Promise.reject(aborted()), C.watch);
		await expect(reply).rejects.toThrow();
		expect(settled).toHaveBeenCalledExactlyOnceWith(failed("aborted"));
	});
});

describe("an error that arose on the way", () => {
	test("becomes the callee's, by a copy", async () => {
		const cause = new Error("inner");
		const error = new ServiceError({ code: "deadline_exceeded", retryAfterMs: 5, cause });
		const { reply } = call(() => Promise.reject(error), C.unary);
		await expect(reply).rejects.toMatchObject({
			code: "deadline_exceeded",
			domain: "c",
			retryAfterMs: 5,
			cause,
		});
		expect(error.domain).toBeUndefined();
	});

	test("keeps that it was never executed", async () => {
		const error = serviceErrorFrom({ code: "unavailable" }, { notExecuted: true });
		await expect(call(() => Promise.reject(error), C.unary).reply).rejects.toMatchObject({
			notExecuted: true,
		});
	});
});

describe("a life that ends", () => {
	const waiting: Endpoint = (_, ctx) =>
		new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.error)));

	test.each([
		["no context of the caller's", Context.background()],
		["a context of the caller's", Context.background().withTimeout(60_000)],
	])("ends its calls with %s", async (_, ctx) => {
		const life = Context.background().withCancel();
		const { settled, reply } = call(waiting, C.unary, ctx, life.ctx);
		life.cancel(new ServiceError({ code: "unavailable" }));
		await expect(reply).rejects.toMatchObject({ code: "unavailable" });
		expect(settled).toHaveBeenCalledOnce();
		expect(ctx.error).toBeUndefined();
	});

	test("does not keep the caller from ending its own", async () => {
		const life = Context.background().withCancel();
		const { ctx, cancel } = Context.background().withCancel();
		const { reply } = call(waiting, C.unary, ctx, life.ctx);
		cancel();
		await expect(reply).rejects.toMatchObject({ code: "canceled" });
		expect(life.ctx.error).toBeUndefined();
	});
});
