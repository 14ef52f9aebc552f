import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { isServiceError } from "../errors/service-error.ts";
import { methods } from "./fixtures/methods.ts";
import { type RateLimitOptions, rateLimit } from "./rate-limit.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const answer: Endpoint = async () => "answer";
const byUser = (_: Context, __: unknown, input: unknown) => (input as { user: string }).user;

/** How many of `times` concurrent calls are let through. */
async function passed(endpoint: Endpoint, times: number, input: unknown = {}): Promise<number> {
	const calls = Array.from({ length: times }, () => endpoint(input, Context.background()));
	return (await Promise.allSettled(calls)).filter(({ status }) => status === "fulfilled").length;
}

const limited = (options: RateLimitOptions) => rateLimit(options)(answer, methods.read);

test("a burst passes, and then the rate", async () => {
	const endpoint = limited({ perSecond: 3, burst: 5 });
	expect(await passed(endpoint, 9)).toBe(5);
	vi.advanceTimersByTime(1000);
	expect(await passed(endpoint, 9)).toBe(3);
});

test("a pause saves up no more than a burst", async () => {
	const endpoint = limited({ perSecond: 10 });
	vi.advanceTimersByTime(3600_000);
	expect(await passed(endpoint, 50)).toBe(10);
});

test("a call that comes too early learns when to come again", async () => {
	const endpoint = limited({ perSecond: 0.5 });
	expect(await passed(endpoint, 1)).toBe(1);
	const refused = await endpoint({}, Context.background()).catch((error: unknown) => error);
	expect(refused).toMatchObject({ code: "resource_exhausted", reason: "rate_limited", retryAfterMs: 2000 });
	vi.advanceTimersByTime(2000);
	expect(await passed(endpoint, 2)).toBe(1);
});

test("a refused call never goes in, and takes nothing", async () => {
	const next = vi.fn(answer);
	const endpoint = rateLimit({ perSecond: 1 })(next, methods.read);
	await passed(endpoint, 100);
	expect(next).toHaveBeenCalledOnce();
	vi.advanceTimersByTime(1000);
	expect(await passed(endpoint, 1)).toBe(1);
});

test("methods share the limit that wraps them", async () => {
	const middleware = rateLimit({ perSecond: 1 });
	expect(await passed(middleware(answer, methods.read), 1)).toBe(1);
	expect(await passed(middleware(answer, methods.write), 1)).toBe(0);
});

describe("with a key", () => {
	test("each has a limit of its own", async () => {
		const endpoint = limited({ perSecond: 2, key: byUser });
		expect(await passed(endpoint, 5, { user: "ann" })).toBe(2);
		expect(await passed(endpoint, 5, { user: "bob" })).toBe(2);
	});

	test("no more are remembered than told, those used last", async () => {
		const endpoint = limited({ perSecond: 1, key: byUser, maxKeys: 2 });
		for (const user of ["ann", "bob", "cid"]) await passed(endpoint, 1, { user });
		// Ann was forgotten, and now Bob is forgotten.
		expect(await passed(endpoint, 1, { user: "ann" })).toBe(1);
		expect(await passed(endpoint, 1, { user: "cid" })).toBe(0);
		expect(await passed(endpoint, 1, { user: "bob" })).toBe(1);
	});
});

test.each([{ perSecond: 0 }, { perSecond: Number.NaN }, { perSecond: 1, burst: 0 }])(
	"what makes no sense is refused: %o",
	(options) => {
		expect(() => rateLimit(options)).toThrow(RangeError);
	},
);

test("what it refuses with is a service error", async () => {
	const endpoint = limited({ perSecond: 1 });
	await passed(endpoint, 1);
	expect(isServiceError(await endpoint({}, Context.background()).catch((error: unknown) => error))).toBe(
		true,
	);
});
