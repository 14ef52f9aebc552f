import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { jsonCodec } from "../codec/json-codec.ts";
import { succeeded } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import { contextKey } from "../context/key.ts";
import { Metadata, noMetadata } from "../context/metadata.ts";
import { onSettled } from "../context/on-settled.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import type { Guard } from "../endpoint/guard.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { Endpoints } from "../server/endpoints.ts";
import { type IncomingCall, ServerCall } from "./server-call.ts";

const C = contract("c", { run: method({}) });
const incoming: IncomingCall = {
	path: "c/run",
	metadata: noMetadata,
	peer: { address: "127.0.0.1:5", identity: "web" },
	timeoutMs: Number.POSITIVE_INFINITY,
};

/** A call of `c/run`, whose handler keeps the context that it was given. */
function arrive(options: { guard?: Guard; incoming?: Partial<IncomingCall> } = {}) {
	const log = vi.fn();
	const endpoints = new Endpoints({ guard: options.guard, logger: { log } });
	const handler = vi.fn(async (_: unknown, __: Context) => {});
	endpoints.serve(C, { run: handler });
	const call = new ServerCall(endpoints, { ...incoming, ...options.incoming });
	const read = vi.fn((): unknown => ({}));
	return { call, handler, log, read, ctx: () => handler.mock.calls[0]?.[1] };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("the context of a call that arrived", () => {
	test("names its caller, and what came along", async () => {
		const metadata = new Metadata({ "x-global-tenant": "acme", "x-request": "1" });
		const { call, read, ctx } = arrive({ incoming: { metadata } });
		await call.run(read);
		expect(ctx()?.peer).toEqual({ address: "127.0.0.1:5", identity: "web" });
		expect(ctx()?.metadata.get("x-request")).toBe("1");
	});

	test("sends on only global metadata", () => {
		const metadata = new Metadata({ "x-global-tenant": ["a", "b"], "x-request": "1", "allium-trace": "2" });
		const { outgoing } = arrive({ incoming: { metadata } }).call.ctx;
		expect([...outgoing]).toEqual([
			["x-global-tenant", "a"],
			["x-global-tenant", "b"],
		]);
	});

	test("ends at the deadline that the caller set", () => {
		const { call } = arrive({ incoming: { timeoutMs: 100 } });
		const onEnd = vi.fn();
		call.follow({ onEnd });
		expect(call.ctx.remaining()).toBe(100);
		vi.advanceTimersByTime(100);
		expect(call.ctx.error).toMatchObject({ code: "deadline_exceeded" });
		expect(onEnd).toHaveBeenCalledExactlyOnceWith(call.ctx.error);
	});

	test("has no deadline when the caller set none", () => {
		expect(arrive().call.ctx.deadline).toBe(Number.POSITIVE_INFINITY);
	});

	test("writes to the response of the call", async () => {
		const { call, read, ctx } = arrive();
		await call.run(read);
		ctx()?.response.headers.append("a", "1");
		expect(call.response.headers.get("a")).toBe("1");
	});
});

describe("a guard", () => {
	test("decides before anything is read", async () => {
		const { call, read, handler } = arrive({
			guard: () => {
				throw new ServiceError({ code: "unauthenticated", message: "who are you?" });
			},
		});
		await expect(call.run(read)).rejects.toMatchObject({ code: "unauthenticated", message: "who are you?" });
		expect([read.mock.calls, handler.mock.calls]).toEqual([[], []]);
	});

	test("may take its time", async () => {
		const admission = Promise.withResolvers<void>();
		const { call, read, handler } = arrive({ guard: (_, ctx) => admission.promise.then(() => ctx) });
		const running = call.run(read);
		expect(read).not.toHaveBeenCalled();
		admission.resolve();
		await running;
		expect(handler).toHaveBeenCalledOnce();
	});

	test("may refuse late", async () => {
		const { call, read } = arrive({
			guard: async () => {
				throw new ServiceError({ code: "permission_denied" });
			},
		});
		await expect(call.run(read)).rejects.toMatchObject({ code: "permission_denied" });
		expect(read).not.toHaveBeenCalled();
	});

	test("sees the caller, the method and the metadata", async () => {
		const guard = vi.fn<Guard>((_, ctx) => ctx);
		const metadata = new Metadata({ authorization: "Bearer x" });
		const { call, read } = arrive({ guard, incoming: { metadata } });
		await call.run(read);
		expect(guard).toHaveBeenCalledExactlyOnceWith(
			expect.objectContaining({ path: "c/run", peer: incoming.peer, metadata }),
			call.ctx,
		);
	});

	test("hands its context on to the handler", async () => {
		const user = contextKey<string>("user");
		const { call, read, ctx } = arrive({ guard: (_, ctx) => ctx.withValue(user, "ann") });
		await call.run(read);
		expect(ctx()?.get(user)).toBe("ann");
	});

	test.each([
		["at once", () => Promise.reject(new TypeError("secret"))],
		[
			"late",
			(): never => {
				throw new TypeError("secret");
			},
		],
	])("that has a bug is logged, and internal to the caller: %s", async (_, guard) => {
		const { call, read, log } = arrive({ guard });
		await expect(call.run(read)).rejects.toMatchObject({ code: "internal", message: "internal error" });
		expect(log).toHaveBeenCalledOnce();
	});

	test.each([
		["at once", (_: unknown, ctx: Context) => ctx.withTimeout(50)],
		["late", async (_: unknown, ctx: Context) => ctx.withTimeout(50)],
	])(
		"may set a deadline, told %s, at which the caller is answered whatever the handler does",
		async (_, guard) => {
			const { call, handler, read } = arrive({ guard });
			handler.mockReturnValue(new Promise(() => {}));
			const answer = call.run(read).catch((error) => error);
			await vi.advanceTimersByTimeAsync(50);
			expect(await answer).toMatchObject({ code: "deadline_exceeded" });
			expect(vi.getTimerCount()).toBe(0);
		},
	);

	test("leaves no timer when the handler is done before its deadline", async () => {
		const { call, read } = arrive({ guard: (_, ctx) => ctx.withTimeout(50) });
		await call.run(read);
		expect(vi.getTimerCount()).toBe(0);
	});

	test("keeps the errors of whom it asks to itself", async () => {
		const error = serviceErrorFrom({ code: "not_found", message: "no such key" }, { domain: "keys" });
		const { call, read } = arrive({ guard: () => Promise.reject(error) });
		await expect(call.run(read)).rejects.toMatchObject({ code: "internal" });
	});

	test("also stands before services that are not served", async () => {
		const guard = () => Promise.reject(new ServiceError({ code: "unauthenticated" }));
		const { call, read } = arrive({ guard, incoming: { path: "c/secret" } });
		await expect(call.run(read)).rejects.toMatchObject({ code: "unauthenticated" });
	});
});

describe("reading", () => {
	test("of a path that is not served never happens", async () => {
		const { call, read } = arrive({ incoming: { path: "c/other" } });
		await expect(call.run(read)).rejects.toMatchObject({
			code: "unimplemented",
			message: "no such method: c/other",
		});
		expect(read).not.toHaveBeenCalled();
	});

	test.each([
		["at once", "throws"],
		["late", "rejects"],
	])("that fails %s fails the call", async (_, how) => {
		const { call, handler } = arrive();
		const error = new ServiceError({ code: "invalid_argument", reason: "unparsable" });
		const running = call.run(() => {
			if (how === "rejects") return Promise.reject(error);
			throw error;
		});
		await expect(running).rejects.toBe(error);
		expect(handler).not.toHaveBeenCalled();
	});

	test("may take its time", async () => {
		const { call, handler } = arrive();
		await call.run(() => Promise.resolve({}));
		expect(handler).toHaveBeenCalledExactlyOnceWith({}, call.ctx);
	});
});

describe("the end of a call", () => {
	test("is told once, and the first outcome counts", async () => {
		const { call, read, ctx } = arrive();
		await call.run(read);
		const settled = vi.fn();
		onSettled(ctx() as Context, settled);
		call.settle(succeeded);
		call.settle({ ok: false, error: new ServiceError({ code: "aborted" }) });
		expect(settled).toHaveBeenCalledExactlyOnceWith({ ok: true });
	});

	test("that comes before the handler is entered keeps it from being entered", async () => {
		const { call, handler } = arrive({ incoming: { timeoutMs: 100 } });
		const input = Promise.withResolvers<unknown>();
		const running = call.run(() => input.promise);
		call.cancel();
		input.resolve({});
		await expect(running).rejects.toMatchObject({ code: "canceled" });
		expect(handler).not.toHaveBeenCalled();
	});

	test("cancels whatever still runs under its context", () => {
		const { call } = arrive();
		const { signal } = call.ctx.withTimeout(1000);
		call.settle(succeeded);
		expect([call.ctx.error?.message, signal.aborted]).toEqual(["the call is over", true]);
		expect(vi.getTimerCount()).toBe(0);
	});

	test("comes by the caller's cancellation too", () => {
		const { call } = arrive();
		const { signal } = call.ctx;
		call.cancel();
		expect(signal.reason).toMatchObject({ code: "canceled" });
	});
});

describe("a reply", () => {
	test("that cannot be encoded is a bug: it is logged, and the caller learns no more than that", () => {
		const { call, log } = arrive();
		expect(() => call.encode(jsonCodec, { n: 1n })).toThrow(
			expect.objectContaining({ code: "internal", message: expect.not.stringContaining("BigInt") }),
		);
		expect(log).toHaveBeenCalledExactlyOnceWith("error", "an output cannot be encoded", {
			method: "c/run",
			error: expect.objectContaining({ code: "internal" }),
		});
	});
	test("is written as the codec has it, text or bytes", () => {
		const { call } = arrive();
		const text: string = call.encode(jsonCodec, { n: 1 });
		const bytes: Uint8Array = call.encode({ encode: () => Uint8Array.of(1) }, {});
		expect([text, bytes]).toEqual(['{"n":1}', Uint8Array.of(1)]);
	});
});
