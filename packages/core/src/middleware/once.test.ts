import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { memoryOnceStore } from "../caching/memory-once-store.ts";
import type { OnceStore } from "../caching/once-store.ts";
import { Cause, withCause } from "../context/cause.ts";
import { Context } from "../context/context.ts";
import { principal } from "../context/principal.ts";
import { contract } from "../contract/contract.ts";
import { type Method, method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { isServiceError, ServiceError } from "../errors/service-error.ts";
import { held, wrapped } from "./fixtures/methods.ts";
import { type OnceOptions, once } from "./once.ts";

const paid = z.object({ receipt: z.int() });
const Payments = contract("payments", {
	pay: method({
		input: z.object({ amount: z.int() }),
		output: paid,
		errors: {
			broke: { code: "failed_precondition", message: "no money", data: z.object({ missing: z.int() }) },
			away: { code: "unavailable" },
			full: { code: "resource_exhausted" },
		},
	}),
	refund: method({ input: z.object({ amount: z.int() }), output: paid }),
	get: method({ output: paid, effect: "read" }),
	watch: method({ output: stream(paid) }),
});

const background = Context.background();
/** The context of a call with an id. */
const called = (id = "call-1") => withCause(background, new Cause(id));
const five = { amount: 5 };
const quiet = { log() {} };

/** A service that counts its payments. */
function payments(options: OnceOptions = {}, method: Method = Payments.pay) {
	let receipt = 0;
	const next = vi.fn<Endpoint>(async () => ({ receipt: ++receipt }));
	const endpoint = wrapped(once({ logger: quiet, ...options }), next, method);
	return { next, pay: (input: unknown = five, ctx = called()) => endpoint(input, ctx) };
}

/** The error of a call. */
const failure = (call: Promise<unknown>): Promise<ServiceError> =>
	call.then(
		() => expect.unreachable("it succeeded"),
		(error) => (isServiceError(error) ? error : expect.unreachable(String(error))),
	);

beforeEach(
	() => void vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "performance"] }),
);
afterEach(() => void vi.useRealTimers());

describe("a call that comes a second time", () => {
	test("gets the reply of the first, and the handler runs once", async () => {
		const { next, pay } = payments();
		expect([await pay(), await pay()]).toEqual([{ receipt: 1 }, { receipt: 1 }]);
		expect(next).toHaveBeenCalledOnce();
	});

	test("gets the declared error of the first", async () => {
		const { next, pay } = payments();
		next.mockRejectedValueOnce(Payments.pay.error.broke({ missing: 3 }, { retryAfterMs: 7 }));
		await failure(pay());
		expect(await failure(pay())).toMatchObject({
			code: "failed_precondition",
			reason: "broke",
			message: "no money",
			data: { missing: 3 },
			retryAfterMs: 7,
		});
		expect(next).toHaveBeenCalledOnce();
	});

	test.each<[string, () => unknown]>([
		["an error that is not declared", () => new Error("bug")],
		["an error with an undeclared reason", () => new ServiceError({ code: "aborted", reason: "raced" })],
		["trouble, even if that is declared", () => Payments.pay.error.away()],
	])("runs again after %s", async (_, error) => {
		const { next, pay } = payments();
		next.mockRejectedValueOnce(error());
		await expect(pay()).rejects.toThrow();
		expect(await pay()).toEqual({ receipt: 1 });
	});

	test("counts as one whose handler ran, so that no other instance is tried", async () => {
		const { next, pay } = payments();
		next.mockRejectedValueOnce(Payments.pay.error.full());
		await failure(pay());
		expect(await failure(pay())).toMatchObject({ reason: "full", notExecuted: false });
	});

	test("runs again when its answer is kept no longer", async () => {
		const { pay } = payments({ ttlMs: 1_000 });
		await pay();
		vi.advanceTimersByTime(1_000);
		expect(await pay()).toEqual({ receipt: 2 });
	});

	test("is refused when its input differs", async () => {
		const { next, pay } = payments();
		await pay();
		expect(await failure(pay({ amount: 6 }))).toMatchObject({
			code: "invalid_argument",
			reason: "key_reused",
		});
		expect(next).toHaveBeenCalledOnce();
	});

	test.each([
		["was too large", { receipt: 1, text: "é".repeat(100) }],
		["is no JSON", { receipt: 1n }],
	])("is told that it was carried out when the reply %s", async (_, output) => {
		const { next, pay } = payments({ maxBytes: 200 });
		next.mockResolvedValueOnce(output);
		await pay();
		expect(await failure(pay())).toMatchObject({ code: "already_exists", reason: "reply_not_kept" });
		expect(next).toHaveBeenCalledOnce();
	});
});

describe("another call", () => {
	test("has another id", async () => {
		const { pay } = payments();
		expect([await pay(), await pay(five, called("call-2"))]).toEqual([{ receipt: 1 }, { receipt: 2 }]);
	});

	test("is of another method", async () => {
		const store = memoryOnceStore();
		await payments({ store }).pay();
		const { next, pay } = payments({ store }, Payments.refund);
		await pay();
		expect(next).toHaveBeenCalledOnce();
	});

	test.each<[string, Context]>([
		["another peer", called()["~with"]({ peer: { address: "test", identity: "spiffe://blue/shop" } })],
		["another principal", called().withValue(principal, "bob")],
	])("is made by %s", async (_, ctx) => {
		const { pay } = payments();
		expect([await pay(), await pay(five, ctx)]).toEqual([{ receipt: 1 }, { receipt: 2 }]);
	});

	test("has no id: it always runs", async () => {
		const { pay } = payments();
		expect([await pay(five, background), await pay(five, background)]).toEqual([
			{ receipt: 1 },
			{ receipt: 2 },
		]);
	});
});

test.each([Payments.get, Payments.watch])("calls of $path pass through", (method) => {
	const next: Endpoint = async () => ({});
	expect(once()(next, method)).toBe(next);
});

describe("while the first attempt is under way, a second", () => {
	/** Two attempts, the first of which is with the handler. */
	async function twoAttempts(options: OnceOptions = {}) {
		const { endpoint, calls } = held();
		const guarded = wrapped(once({ logger: quiet, ...options }), endpoint, Payments.pay);
		const first = guarded(five, called());
		await vi.waitFor(() => expect(calls).toHaveLength(1));
		return { calls, first, guarded, second: (ctx = called(), input: unknown = five) => guarded(input, ctx) };
	}

	test("waits for its reply", async () => {
		const { calls, first, second } = await twoAttempts();
		const waiting = second();
		await vi.advanceTimersByTimeAsync(5_000);
		calls[0]?.resolve({ receipt: 1 });
		expect(await Promise.all([first, waiting])).toEqual([{ receipt: 1 }, { receipt: 1 }]);
		expect(calls).toHaveLength(1);
	});

	test("learns of the reply through the store, when another process has the first", async () => {
		const store = memoryOnceStore();
		const { calls, first } = await twoAttempts({ store });
		const elsewhere = payments({ store });
		const waiting = elsewhere.pay();
		calls[0]?.resolve({ receipt: 7 });
		await first;
		await vi.advanceTimersByTimeAsync(500);
		expect(await waiting).toEqual({ receipt: 7 });
		expect(elsewhere.next).not.toHaveBeenCalled();
	});

	test("runs when the first came to nothing", async () => {
		const { calls, first, second } = await twoAttempts();
		const waiting = second();
		calls[0]?.reject(new Error("bug"));
		await expect(first).rejects.toThrow("bug");
		await vi.waitFor(() => expect(calls).toHaveLength(2));
		calls[1]?.resolve({ receipt: 2 });
		expect(await waiting).toEqual({ receipt: 2 });
	});

	test("is refused at once when its input differs", async () => {
		const { second } = await twoAttempts();
		expect(await failure(second(called(), { amount: 6 }))).toMatchObject({ reason: "key_reused" });
	});

	test("gives up after a while, and says why", async () => {
		const { second } = await twoAttempts({ waitMs: 3_000 });
		const waiting = failure(second());
		await vi.advanceTimersByTimeAsync(3_000);
		expect(await waiting).toMatchObject({ code: "aborted", reason: "call_in_progress" });
	});

	test("ends with its own context", async () => {
		const { second } = await twoAttempts();
		const { ctx, cancel } = called().withCancel();
		const waiting = failure(second(ctx));
		cancel();
		expect(await waiting).toMatchObject({ code: "canceled" });
	});

	test("leaves no timer behind", async () => {
		const { calls, first, second } = await twoAttempts();
		const waiting = second();
		await vi.advanceTimersByTimeAsync(1_000);
		calls[0]?.resolve({ receipt: 1 });
		await Promise.all([first, waiting]);
		expect(vi.getTimerCount()).toBe(0);
	});
});

describe("a handler that takes long", () => {
	/** A handler that is held, with a mark of three seconds. */
	async function running(outer = called(), store = memoryOnceStore()) {
		const contexts: Context[] = [];
		const { endpoint, calls } = held();
		const observed: Endpoint = (input, ctx) => {
			contexts.push(ctx);
			return endpoint(input, ctx);
		};
		const log = vi.fn();
		const call = wrapped(
			once({ store, markMs: 3_000, logger: { log } }),
			observed,
			Payments.pay,
		)(five, outer);
		await vi.waitFor(() => expect(calls).toHaveLength(1));
		const isHeld = async () => {
			const elsewhere = payments({ store, waitMs: 0 });
			return elsewhere.pay().then(
				() => false,
				() => true,
			);
		};
		return { calls, call, contexts, isHeld };
	}

	test("keeps its call for as long as it runs", async () => {
		const { isHeld } = await running();
		await vi.advanceTimersByTimeAsync(60_000);
		expect(await isHeld()).toBe(true);
	});

	test("loses its call some time after its context has ended", async () => {
		const { ctx, cancel } = called().withCancel();
		const { isHeld } = await running(ctx);
		cancel();
		expect(await isHeld()).toBe(true);
		await vi.advanceTimersByTimeAsync(4_000);
		expect(await isHeld()).toBe(false);
	});

	test("is told to end when another attempt has its call", async () => {
		const store = memoryOnceStore();
		const { calls, call, contexts } = await running(called(), {
			...methodsOf(store),
			renew: async () => false,
		});
		await vi.advanceTimersByTimeAsync(1_000);
		expect(contexts[0]?.error).toMatchObject({ code: "unavailable" });
		calls[0]?.reject(contexts[0]?.error);
		await expect(call).rejects.toMatchObject({ code: "unavailable" });
	});
});

describe("a store that fails", () => {
	const away = () => Promise.reject(new ServiceError({ code: "unavailable", message: "the store is away" }));

	test("when a call begins: the call fails, and the handler does not run", async () => {
		const { next, pay } = payments({ store: { ...methodsOf(memoryOnceStore()), begin: away } });
		expect(await failure(pay())).toMatchObject({ code: "unavailable" });
		expect(next).not.toHaveBeenCalled();
	});

	test.each<[string, () => Promise<never>]>([
		["with an error", away],
		["by never answering", () => new Promise(() => {})],
	])(
		"when a call has ended, %s: the caller gets the reply, and the log says what that means",
		async (_, end) => {
			const log = vi.fn();
			const { pay } = payments({ store: { ...methodsOf(memoryOnceStore()), end }, logger: { log } });
			const call = pay();
			await vi.advanceTimersByTimeAsync(5_000);
			expect(await call).toEqual({ receipt: 1 });
			expect(log).toHaveBeenCalledExactlyOnceWith(
				"warn",
				"the store did not take the outcome of a call; another attempt at it runs again",
				{ method: "payments/pay", error: expect.anything() },
			);
		},
	);

	test("when a mark is renewed: the handler goes on", async () => {
		const { endpoint, calls } = held();
		const store = { ...methodsOf(memoryOnceStore()), renew: away };
		const call = wrapped(once({ store, logger: quiet }), endpoint, Payments.pay)(five, called());
		await vi.advanceTimersByTimeAsync(8_000);
		calls[0]?.resolve({ receipt: 1 });
		expect(await call).toEqual({ receipt: 1 });
	});
});

describe("a store in memory", () => {
	test("forgets the calls that ended first when it is full", async () => {
		const { pay } = payments({ store: memoryOnceStore({ maxBytes: 1_800 }) });
		for (const id of ["call-1", "call-2", "call-3"]) await pay(five, called(id));
		expect(await pay(five, called("call-3"))).toEqual({ receipt: 3 });
		expect(await pay(five, called("call-1"))).toEqual({ receipt: 4 });
	});

	test("refuses calls when those under way take all its room", async () => {
		const store = memoryOnceStore({ maxBytes: 700 });
		const { endpoint, calls } = held();
		const guarded = wrapped(once({ store, logger: quiet }), endpoint, Payments.pay);
		void guarded(five, called("call-1"));
		await vi.waitFor(() => expect(calls).toHaveLength(1));
		expect(await failure(guarded(five, called("call-2")))).toMatchObject({ reason: "once_store_full" });
	});
});

test.each(["ttlMs", "markMs", "waitMs"])("refuses %s that is no duration", (name) => {
	expect(() => once({ [name]: Number.NaN })).toThrow(RangeError);
});

function methodsOf(store: OnceStore): OnceStore {
	return {
		begin: (...args) => store.begin(...args),
		renew: (...args) => store.renew(...args),
		end: (...args) => store.end(...args),
		abandon: (...args) => store.abandon(...args),
		close: () => store.close(),
	};
}
