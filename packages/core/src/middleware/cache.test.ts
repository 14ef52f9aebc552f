import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { onSettled } from "../context/on-settled.ts";
import type { Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { type CacheOptions, cache } from "./cache.ts";
import { held, methods, wrapped } from "./fixtures/methods.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
});
afterEach(() => void vi.useRealTimers());

const background = Context.background();

/** A callee that answers with the number of its calls. */
function counting(options: Partial<CacheOptions> = {}, method: Method = methods.read) {
	let times = 0;
	const next = vi.fn<Endpoint>(async () => ({ times: ++times }));
	const endpoint = wrapped(cache({ ttlMs: 1000, ...options }), next, method);
	return { next, call: (input: unknown = {}, ctx = background) => endpoint(input, ctx) };
}

describe("an answer", () => {
	test("is given again while it is fresh", async () => {
		const { call } = counting();
		await call();
		vi.advanceTimersByTime(999);
		expect(await call()).toEqual({ times: 1 });
	});

	test("is fetched again when it is not", async () => {
		const { call } = counting();
		await call();
		vi.advanceTimersByTime(1000);
		expect(await call()).toEqual({ times: 2 });
	});

	test("is each caller's own: changing it changes no other's", async () => {
		const { call } = counting();
		await call();
		Object.assign((await call()) as object, { times: 99 });
		expect(await call()).toEqual({ times: 1 });
	});

	test("is for equal inputs only", async () => {
		const { call } = counting();
		await call({ a: 1, b: 2 });
		expect([await call({ b: 2, a: 1 }), await call({ a: 1 })]).toEqual([{ times: 1 }, { times: 2 }]);
	});

	test("that failed is not kept", async () => {
		const { call, next } = counting();
		next.mockRejectedValueOnce(new Error("failed"));
		await expect(call()).rejects.toThrow("failed");
		expect(await call()).toEqual({ times: 1 });
	});

	test("that JSON would change is not kept", async () => {
		const { call, next } = counting();
		const dated = { at: new Date(0) };
		next.mockResolvedValueOnce(dated);
		expect([await call(), await call()]).toEqual([dated, { times: 1 }]);
	});

	test("to an input that is not plain JSON is not kept", async () => {
		const { call } = counting();
		expect([await call(new Map([[1, 2]])), await call(new Map())]).toEqual([{ times: 1 }, { times: 2 }]);
	});
});

describe("callers share no answer", () => {
	const arrived = (authorization: string) => {
		const metadata = background.withMetadata({ authorization }).outgoing;
		return background["~with"]({ metadata });
	};

	test.each([
		["who send another authorization", background.withMetadata({ authorization: "b" })],
		["who came with another authorization", arrived("b")],
		["who send another cookie", background.withMetadata({ cookie: "b" })],
		["of another TLS identity", background["~with"]({ peer: { address: "memory", identity: "b" } })],
	])("%s", async (_, ctx) => {
		const { call } = counting();
		await call();
		expect([await call({}, ctx), await call({}, ctx), await call()]).toEqual([
			{ times: 2 },
			{ times: 2 },
			{ times: 1 },
		]);
	});

	test("whose metadata differs where it matters, and do where it does not", async () => {
		const { call } = counting({ vary: ["accept-language"] });
		const speaks = (language: string) =>
			background.withMetadata({ "accept-language": language, id: language });
		await call({}, speaks("de"));
		expect(await call({}, speaks("fr"))).toEqual({ times: 2 });
		const other = speaks("de").withMetadata({ id: "other" });
		expect(await call({}, other)).toEqual({ times: 1 });
	});
});

describe("a stale answer", () => {
	test("is given while a new one is fetched, once", async () => {
		const { call, next } = counting({ staleMs: 5000 });
		await call();
		vi.advanceTimersByTime(2000);
		const { endpoint, calls } = held();
		next.mockImplementation(endpoint);
		expect([await call(), await call()]).toEqual([{ times: 1 }, { times: 1 }]);
		expect(calls).toHaveLength(1);
		calls[0]?.resolve({ times: "new" });
		await vi.advanceTimersByTimeAsync(0);
		expect(await call()).toEqual({ times: "new" });
	});

	test("is not given when it is too old", async () => {
		const { call } = counting({ staleMs: 5000 });
		await call();
		vi.advanceTimersByTime(6000);
		expect(await call()).toEqual({ times: 2 });
	});

	test("stays when no new one can be had", async () => {
		const { call, next } = counting({ staleMs: 5000 });
		await call();
		vi.advanceTimersByTime(2000);
		next.mockRejectedValue(new Error("failed"));
		await call();
		await vi.waitFor(() => expect(next).toHaveBeenCalledTimes(2));
		expect(await call()).toEqual({ times: 1 });
	});

	test("is replaced by a call of its own, that its caller does not end", async () => {
		const { call, next } = counting({ staleMs: 5000 });
		await call();
		vi.advanceTimersByTime(2000);
		const { ctx, cancel } = background.withCancel();
		const settled = vi.fn();
		const answer = Promise.withResolvers<unknown>();
		next.mockImplementationOnce((_, inner) => {
			onSettled(inner, settled);
			return answer.promise;
		});
		await call({}, ctx);
		cancel();
		const inner = next.mock.lastCall?.[1];
		expect([inner?.error, inner?.remaining(), settled.mock.calls]).toEqual([undefined, 10_000, []]);
		answer.resolve({ times: "new" });
		await vi.advanceTimersByTimeAsync(0);
		expect(settled).toHaveBeenCalledExactlyOnceWith({ ok: true });
		expect(await call()).toEqual({ times: "new" });
	});
});

test("a store that fails is a miss", async () => {
	const store = {
		get: () => Promise.reject(new Error("down")),
		set: () => Promise.reject(new Error("down")),
	};
	const { call } = counting({ store });
	expect([await call(), await call()]).toEqual([{ times: 1 }, { times: 2 }]);
});

test.each([methods.put, methods.write, methods.watch, methods.upload])("$name passes through", (method) => {
	const next: Endpoint = async () => {};
	expect(cache({ ttlMs: 1000 })(next, method)).toBe(next);
});
