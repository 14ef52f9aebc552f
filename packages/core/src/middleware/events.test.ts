import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { event } from "../contract/event.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { only } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { authorize } from "./authorize.ts";
import { bulkhead } from "./bulkhead.ts";
import { cache } from "./cache.ts";
import { circuitBreaker } from "./circuit-breaker.ts";
import { concurrencyLimit } from "./concurrency-limit.ts";
import { fallback } from "./fallback.ts";
import { held, wrapped } from "./fixtures/methods.ts";
import { TestTelemetry } from "./fixtures/telemetry.ts";
import { hedge } from "./hedge.ts";
import { logging } from "./logging.ts";
import { metrics } from "./metrics.ts";
import { rateLimit } from "./rate-limit.ts";
import { retry } from "./retry.ts";
import { singleFlight } from "./single-flight.ts";
import { timeout } from "./timeout.ts";
import { tracing } from "./tracing.ts";

const { started, ended } = contract("matches", {
	started: event({ key: "id", data: z.object({ id: z.string() }) }),
	ended: event({ key: "id", data: z.object({ id: z.string() }) }),
});
const data = { id: "a" };
const background = Context.background();
const away = { code: "unavailable", message: "away" } as const;

/** The endpoint of an event's handler inside a middleware. */
const handler = (middleware: Middleware, next: Endpoint): Endpoint => wrapped(middleware, next, started);
const done: Endpoint = async () => {};
const failing: Endpoint = () => Promise.reject(new ServiceError(away));

describe("middleware of calls wraps the handler of an event", () => {
	beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
	afterEach(() => void vi.useRealTimers());

	test("tracing: each run is a span with its outcome", async () => {
		await using telemetry = new TestTelemetry();
		await handler(tracing("server"), done)(data, background);
		await expect(handler(tracing("server"), failing)(data, background)).rejects.toMatchObject(away);
		const spans = telemetry.spans.getFinishedSpans();
		expect(spans.map(({ name, attributes }) => [name, attributes["rpc.status_code"]])).toEqual([
			["matches/started", "ok"],
			["matches/started", "unavailable"],
		]);
	});

	test("metrics: runs are counted with their duration, and none is left active", async () => {
		await using telemetry = new TestTelemetry();
		await handler(metrics("server"), done)(data, background);
		const measured = await telemetry.measured();
		const [duration] = measured.get("rpc.server.call.duration") ?? [];
		expect(duration?.attributes["rpc.method"]).toBe("matches/started");
		expect(duration?.value).toMatchObject({ count: 1 });
		expect(measured.get("allium.server.active_calls")?.map(({ value }) => value)).toEqual([0]);
	});

	test("logging: each run is a line", async () => {
		const log = vi.fn();
		await handler(logging({ log }), done)(data, background);
		await expect(handler(logging({ log }), failing)(data, background)).rejects.toMatchObject(away);
		expect(log.mock.calls.map(([level, , { method, code }]) => [level, method, code])).toEqual([
			["info", "matches/started", "ok"],
			["error", "matches/started", "unavailable"],
		]);
	});

	test("timeout: the handler has a deadline as a whole", async () => {
		const next = vi.fn<Endpoint>(done);
		await handler(timeout(500), next)(data, background);
		expect(next.mock.calls[0]?.[1].remaining()).toBe(500);
	});

	test("bulkhead: runs at once are bounded, and leave their room when they end", async () => {
		const { endpoint, calls } = held();
		const limited = handler(bulkhead({ concurrency: 1 }), endpoint);
		const first = limited(data, background);
		await expect(limited(data, background)).rejects.toMatchObject({ reason: "bulkhead_full" });
		calls[0]?.resolve(undefined);
		await first;
		const second = limited(data, background);
		calls[1]?.resolve(undefined);
		await expect(second).resolves.toBeUndefined();
	});

	test("rateLimit: runs a second are bounded", async () => {
		const limited = handler(rateLimit({ perSecond: 1 }), done);
		await limited(data, background);
		await expect(limited(data, background)).rejects.toMatchObject({ reason: "rate_limited" });
	});

	test("concurrencyLimit: runs at once are bounded", async () => {
		const { endpoint, calls } = held();
		const limited = handler(concurrencyLimit({ initial: 1, minimum: 1 }), endpoint);
		const first = limited(data, background);
		await expect(limited(data, background)).rejects.toMatchObject({ reason: "concurrency_limited" });
		calls[0]?.resolve(undefined);
		await first;
	});

	test("circuitBreaker: a handler that keeps failing is not called", async () => {
		const next = vi.fn<Endpoint>(failing);
		const limited = handler(circuitBreaker({ minimumCalls: 2 }), next);
		for (let n = 0; n < 2; n++) await expect(limited(data, background)).rejects.toMatchObject(away);
		await expect(limited(data, background)).rejects.toMatchObject({ reason: "circuit_open" });
		expect(next).toHaveBeenCalledTimes(2);
	});

	test("authorize: a predicate decides, and sees the event and its data", async () => {
		const isAllowed = vi.fn((_ctx: Context, method: { readonly name: string }) => method.name === "ended");
		await expect(handler(authorize(isAllowed), done)(data, background)).rejects.toMatchObject({
			code: "permission_denied",
		});
		expect(isAllowed).toHaveBeenCalledWith(expect.any(Context), started, data);
	});

	test("fallback: takes the place of a handler that failed", async () => {
		const answer = vi.fn(() => undefined);
		await handler(fallback(answer), failing)(data, background);
		expect(answer).toHaveBeenCalledOnce();
	});

	test("retry: what a handler may have done is not repeated", async () => {
		const next = vi.fn<Endpoint>(failing);
		await expect(handler(retry(), next)(data, background)).rejects.toMatchObject(away);
		expect(next).toHaveBeenCalledOnce();
	});

	test("retry: a handler that returns nothing is done", async () => {
		await expect(handler(retry(), done)(data, background)).resolves.toBeUndefined();
	});

	test("only: a middleware for some events leaves the others alone", async () => {
		const denied = only(
			"started",
			authorize(() => false),
		);
		await expect(wrapped(denied, done, started)(data, background)).rejects.toThrow("is not allowed");
		await expect(wrapped(denied, done, ended)(data, background)).resolves.toBeUndefined();
	});
});

test.each([
	["cache", cache({ ttlMs: 1_000 })],
	["singleFlight", singleFlight()],
	["hedge", hedge({ afterMs: 10 })],
])("%s leaves events alone", (_, middleware) => {
	expect(middleware(done, started)).toBe(done);
});
