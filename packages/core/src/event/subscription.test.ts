import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { causeOf } from "../context/cause.ts";
import { Context } from "../context/context.ts";
import { onSettled } from "../context/on-settled.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { only } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { LogLevel } from "../logger/logger.ts";
import { bulkhead } from "../middleware/bulkhead.ts";
import { circuitBreaker } from "../middleware/circuit-breaker.ts";
import { logging } from "../middleware/logging.ts";
import { rateLimit } from "../middleware/rate-limit.ts";
import { retry } from "../middleware/retry.ts";
import { timeout } from "../middleware/timeout.ts";
import type { Delivered } from "./broker.ts";
import { delivery } from "./delivery.ts";
import type { EventRecord } from "./event-record.ts";
import { Matches } from "./fixtures/matches.ts";
import type { Handlers } from "./handlers.ts";
import type { SubscribeOptions } from "./subscribe-options.ts";
import { Subscription } from "./subscription.ts";

beforeEach(() => void vi.useFakeTimers({ now: Date.parse("2026-01-01T00:00:00Z") }));
afterEach(() => void vi.useRealTimers());

/** For how long the log of failures waits for more of the same. */
const logPauseMs = 1_000;
const lane = Context.background();
const ended = { id: "m1", winner: "p1" };

/** An event as a broker delivers it. */
function delivered(record: Partial<EventRecord> = {}, more: Partial<Delivered> = {}): Delivered {
	const event = {
		id: "e1",
		type: "matches.ended",
		version: 2,
		source: "shop",
		key: "m1",
		time: new Date().toISOString(),
		data: ended,
		correlationId: "c1",
		...record,
	};
	return { event, lane: 3, cursor: "0007", bytes: 100, attempt: 1, epoch: 4, isReplay: false, ...more };
}

/** The handlers of a group, and what they logged. */
function subscribed(handlers: Handlers<typeof Matches>, options: SubscribeOptions = {}) {
	const lines: [LogLevel, string][] = [];
	const logger = { log: (level: LogLevel, message: string) => void lines.push([level, message]) };
	return {
		lines,
		subscription: new Subscription(Matches, handlers, { group: "rewards", logger, ...options }),
	};
}

/** The verdict on an event whose handler does this. */
function verdictOf(handler: () => unknown, more: Partial<Delivered> = {}, options: SubscribeOptions = {}) {
	const { subscription } = subscribed({ ended: async () => void (await handler()) }, options);
	return subscription.deliver(delivered({}, more), lane);
}

const failing = (code: ServiceError["code"]) => () =>
	Promise.reject(new ServiceError({ code, message: "no" }));

describe("a handler", () => {
	test("gets the data and a context, and its event is done when it returns", async () => {
		const handler = vi.fn();
		const { subscription } = subscribed({ ended: handler });
		expect(await subscription.deliver(delivered(), lane)).toEqual({ do: "done" });
		expect(handler).toHaveBeenCalledExactlyOnceWith(ended, expect.any(Context));
	});

	test("is called as a method of its object", async () => {
		const handlers = {
			seen: [] as string[],
			async ended({ winner }: { winner: string }) {
				this.seen.push(winner);
			},
		};
		const { seen, ...rest } = handlers;
		const object = Object.assign(Object.create({ seen }) as typeof handlers, rest);
		await new Subscription(Matches, object, { group: "rewards" }).deliver(delivered(), lane);
		expect(seen).toEqual(["p1"]);
	});

	test("gets the data of earlier versions in the present one", async () => {
		const handler = vi.fn();
		const { subscription } = subscribed({ ended: handler });
		const old = delivered({ version: 1, data: { id: "m1", won_by: "p1" } });
		expect(await subscription.deliver(old, lane)).toEqual({ do: "done" });
		expect(handler).toHaveBeenCalledWith(ended, expect.anything());
	});

	test("can know its delivery, its cause and the metadata of the publisher", async () => {
		let seen: Context = lane;
		const { subscription } = subscribed({
			ended: (_, ctx) => {
				seen = ctx;
			},
		});
		const metadata = { "x-global-tenant": "acme", "x-global-key-bin": "AQI", "not a name": "x" };
		await subscription.deliver(delivered({ causationId: "c2", metadata }), lane);
		expect(delivery(seen)).toEqual({
			id: "e1",
			type: "matches.ended",
			source: "shop",
			version: 2,
			topic: "matches",
			group: "rewards",
			time: new Date("2026-01-01T00:00:00Z"),
			attempt: 1,
			key: "m1",
			lane: 3,
			position: "0007",
			epoch: 4,
			correlationId: "c1",
			causationId: "c2",
			isReplay: false,
		});
		expect(causeOf(seen)).toMatchObject({ id: "e1", correlationId: "c1" });
		expect([seen.metadata.get("x-global-tenant"), seen.outgoing.get("x-global-tenant")]).toEqual([
			"acme",
			"acme",
		]);
		expect(seen.metadata.getBytes("x-global-key-bin")).toEqual(new Uint8Array([1, 2]));
	});

	test("has a context that ends with it", async () => {
		let seen: Context = lane;
		const { subscription } = subscribed({
			ended: (_, ctx) => {
				seen = ctx;
			},
		});
		await subscription.deliver(delivered(), lane);
		expect(seen.error).toMatchObject({ code: "canceled" });
	});
});

test("delivery(ctx) is refused outside of a handler", () => {
	expect(() => delivery(lane)).toThrow("delivery(ctx) takes the context of an event's handler");
});

describe("an event whose handler fails", () => {
	test.each([
		["throws", () => Promise.reject(new Error("no"))],
		["throws no error", () => Promise.reject("no")],
		["throws what cannot be shown", () => Promise.reject({ toString: null })],
		["finds that another was faster", failing("aborted")],
		["finds a bug of its callee", failing("internal")],
		["gets no answer in time", failing("deadline_exceeded")],
	])("because it %s is tried again", async (_, handler) => {
		expect(await verdictOf(handler)).toMatchObject({ do: "retry", blameless: false });
	});

	test.each(["unavailable", "resource_exhausted"] as const)(
		"because of %s is tried again without counting",
		async (code) => {
			expect(await verdictOf(failing(code), { attempt: 8 })).toMatchObject({ do: "retry", blameless: true });
		},
	);

	test.each([
		"invalid_argument",
		"not_found",
		"failed_precondition",
		"permission_denied",
		"out_of_range",
	] as const)("because of %s is parked at once", async (code) => {
		expect(await verdictOf(failing(code))).toEqual({ do: "park", error: { code, message: "no" } });
	});

	test("is parked after the last attempt", async () => {
		const fail = () => Promise.reject(new Error("no"));
		expect(await verdictOf(fail, { attempt: 7 })).toMatchObject({ do: "retry" });
		expect(await verdictOf(fail, { attempt: 8 })).toMatchObject({ do: "park" });
		expect(await verdictOf(fail, { attempt: 2 }, { retry: { attempts: 2 } })).toMatchObject({ do: "park" });
	});

	test("is tried again after random delays that grow", async () => {
		vi.spyOn(Math, "random").mockReturnValue(1);
		const delays = await Promise.all(
			[1, 2, 3, 7].map((attempt) => verdictOf(() => Promise.reject(new Error("no")), { attempt })),
		);
		expect(delays).toMatchObject([200, 400, 800, 12_800].map((afterMs) => ({ afterMs })));
		vi.restoreAllMocks();
	});

	test("is never tried sooner than its callee asks for", async () => {
		const busy = () => Promise.reject(new ServiceError({ code: "unavailable", retryAfterMs: 60_000 }));
		const verdict = await verdictOf(busy);
		expect(verdict).toMatchObject({ do: "retry" });
		expect(verdict.do === "retry" && verdict.afterMs).toBeGreaterThanOrEqual(60_000);
	});

	test("is told in the log, and so is that it is parked", async () => {
		const { subscription, lines } = subscribed({ ended: () => Promise.reject(new Error("no")) });
		await subscription.deliver(delivered({}, { attempt: 1 }), lane);
		await subscription.deliver(delivered({}, { attempt: 8 }), lane);
		expect(lines).toEqual([
			["warn", "an event was not handled, and will be tried again"],
			["error", expect.stringContaining("an event is parked")],
		]);
	});
});

describe("a handler that never settles", () => {
	test("has failed when its time is over; its late end changes nothing", async () => {
		const late = Promise.withResolvers<void>();
		let seen: Context = lane;
		const { subscription } = subscribed({
			ended: (_, ctx) => {
				seen = ctx;
				return late.promise;
			},
		});
		const verdict = subscription.deliver(delivered(), lane);
		await vi.advanceTimersByTimeAsync(30_000);
		expect(await verdict).toMatchObject({
			do: "retry",
			blameless: false,
			error: { code: "deadline_exceeded", message: "the handler took longer than 30000 ms" },
		});
		expect(seen.signal.aborted).toBe(true);
		late.reject(new Error("late"));
		await vi.advanceTimersByTimeAsync(logPauseMs);
		expect(vi.getTimerCount()).toBe(0);
	});

	test("that runs beside others has its own deadline, although one timer serves for all", async () => {
		const { subscription } = subscribed({ ended: () => new Promise(() => {}) });
		const told: string[] = [];
		const deliver = async (id: string): Promise<void> => {
			const verdict = await subscription.deliver(delivered({ id }), lane);
			told.push(`${id} ${verdict.do}`);
		};
		void deliver("first");
		await vi.advanceTimersByTimeAsync(10_000);
		void deliver("second");
		expect(vi.getTimerCount()).toBe(1);
		await vi.advanceTimersByTimeAsync(20_000);
		expect(told).toEqual(["first retry"]);
		await vi.advanceTimersByTimeAsync(10_000);
		expect(told).toEqual(["first retry", "second retry"]);
		await vi.advanceTimersByTimeAsync(logPauseMs);
		expect(vi.getTimerCount()).toBe(0);
	});

	test("is told when its event was published", async () => {
		const times: Date[] = [];
		const { subscription } = subscribed({ ended: (_, ctx) => void times.push(delivery(ctx).time) });
		const [early, late] = ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z"];
		for (const time of [early, early, late, early]) await subscription.deliver(delivered({ time }), lane);
		expect(times).toEqual([early, early, late, early].map((time) => new Date(time)));
		expect(times[0]).not.toBe(times[1]);
	});

	test("is given up when its lane is lost, and nothing counts", async () => {
		const { ctx, cancel } = lane.withCancel();
		const { subscription, lines } = subscribed({ ended: () => new Promise(() => {}) });
		const verdict = subscription.deliver(delivered({}, { attempt: 8 }), ctx);
		cancel();
		expect(await verdict).toMatchObject({ do: "retry", afterMs: 0, blameless: true });
		expect(lines).toEqual([]);
	});
});

describe("an event that cannot be read", () => {
	const handler = vi.fn();
	const { subscription } = subscribed({ ended: handler });

	test.each([
		["is no event at all", delivered({}, { fault: "it is not JSON" }), "data_loss"],
		["has invalid data", delivered({ data: { id: 7 } }), "failed_precondition"],
		["has invalid data of an earlier version", delivered({ version: 1, data: {} }), "failed_precondition"],
		["makes an upcast throw", delivered({ version: 1, data: null }), "failed_precondition"],
	])("because it %s is parked without a call", async (_, event, code) => {
		expect(await subscription.deliver(event, lane)).toMatchObject({ do: "park", error: { code } });
		expect(handler).not.toHaveBeenCalled();
	});

	test("because it is newer than this process waits for another process", async () => {
		expect(await subscription.deliver(delivered({ version: 3 }), lane)).toMatchObject({
			do: "retry",
			blameless: true,
		});
	});

	test("because nobody here handles its type is passed over", async () => {
		expect(await subscription.deliver(delivered({ type: "matches.began" }), lane)).toEqual({ do: "done" });
	});
});

describe("middleware of calls wraps handlers:", () => {
	const ok = () => {};

	test("in order, the subscription's own inside of the check of the data", async () => {
		const seen: unknown[] = [];
		const noting =
			(who: string): Middleware =>
			(next, method) =>
			(input, ctx) => {
				seen.push([who, method.path, method.kind, input]);
				return next(input, ctx);
			};
		const subscription = new Subscription(
			Matches,
			{ started: ok },
			{ group: "rewards", outermost: [noting("outer")], middleware: [noting("inner")] },
		);
		await subscription.deliver(delivered({ type: "matches.started", version: 1, data: { id: "m1" } }), lane);
		expect(seen).toEqual([
			["outer", "matches/started", "event", { id: "m1" }],
			["inner", "matches/started", "event", { id: "m1", size: 19 }],
		]);
	});

	test("timeout", async () => {
		const { subscription } = subscribed(
			{ ended: () => new Promise(() => {}) },
			{ middleware: [timeout(100)] },
		);
		let seen = false;
		void subscription.deliver(delivered(), lane).then(() => {
			seen = true;
		});
		await vi.advanceTimersByTimeAsync(30_000);
		expect(seen).toBe(true);
	});

	test("bulkhead, whose refusal counts for nothing", async () => {
		const first = Promise.withResolvers<void>();
		const { subscription } = subscribed(
			{ ended: () => first.promise },
			{ middleware: [bulkhead({ concurrency: 1 })] },
		);
		const one = subscription.deliver(delivered(), lane);
		expect(await subscription.deliver(delivered(), lane)).toMatchObject({ do: "retry", blameless: true });
		first.resolve();
		expect(await one).toEqual({ do: "done" });
		expect(await subscription.deliver(delivered(), lane)).toEqual({ do: "done" });
	});

	test("rateLimit, whose refusal counts for nothing", async () => {
		const { subscription } = subscribed(
			{ ended: ok },
			{ middleware: [rateLimit({ perSecond: 1, burst: 1 })] },
		);
		expect(await subscription.deliver(delivered(), lane)).toEqual({ do: "done" });
		expect(await subscription.deliver(delivered(), lane)).toMatchObject({ do: "retry", blameless: true });
	});

	test("circuitBreaker: while it is open, nothing counts", async () => {
		const fail = vi.fn(() => Promise.reject(new Error("no")));
		const { subscription } = subscribed({ ended: fail }, { middleware: [circuitBreaker()] });
		for (let count = 0; count < 100; count++) await subscription.deliver(delivered(), lane);
		fail.mockClear();
		expect(await subscription.deliver(delivered(), lane)).toMatchObject({
			do: "retry",
			blameless: true,
			error: { code: "unavailable" },
		});
		expect(fail).not.toHaveBeenCalled();
	});

	test("retry passes the handler of an event on as it is", async () => {
		const { subscription } = subscribed({ ended: ok }, { middleware: [retry()] });
		expect(await subscription.deliver(delivered(), lane)).toEqual({ do: "done" });
	});

	test("logging", async () => {
		const log = vi.fn();
		const { subscription } = subscribed({ ended: ok }, { middleware: [logging({ log })] });
		await subscription.deliver(delivered(), lane);
		expect(log).toHaveBeenCalledWith(
			"info",
			"call",
			expect.objectContaining({ method: "matches/ended", code: "ok" }),
		);
	});

	test("only some of them, by name", async () => {
		const seen: string[] = [];
		const noting: Middleware = (next, method) => (input, ctx) => {
			seen.push(method.name);
			return next(input, ctx);
		};
		const { subscription } = subscribed(
			{ ended: ok, started: ok },
			{ middleware: [only("started", noting)] },
		);
		await subscription.deliver(delivered(), lane);
		await subscription.deliver(delivered({ type: "matches.started", version: 1, data: { id: "m1" } }), lane);
		expect(seen).toEqual(["started"]);
	});

	test("onSettled tells the end of the handling", async () => {
		const outcomes: unknown[] = [];
		const { subscription } = subscribed({
			ended: (_, ctx) => onSettled(ctx, (outcome) => outcomes.push(outcome)),
		});
		await subscription.deliver(delivered(), lane);
		expect(outcomes).toEqual([{ ok: true }]);
	});

	test("what is wrong with middleware is told by name", async () => {
		const forgetful: Middleware = (next) => (input, ctx) => {
			void next(input, ctx);
			return undefined as never;
		};
		const { subscription } = subscribed({ ended: ok }, { middleware: [forgetful] });
		expect(await subscription.deliver(delivered(), lane)).toMatchObject({
			do: "retry",
			error: { message: expect.stringContaining("the subscription's middleware 1 (forgetful)") },
		});
	});
});

describe("a subscription is refused", () => {
	const make = (handlers: object, options: SubscribeOptions = {}) =>
		new Subscription(Matches, handlers, { group: "rewards", ...options });
	const ended = () => {};
	const names = Matches["~allium"].events.map(({ name }) => name).join(", ");

	test("with a group without a name", () => {
		expect(() => make({ ended }, { group: "" })).toThrow(/group of subscribe\(\) .* is empty/);
	});

	test.each([
		["without handlers", {}, 'subscribe() of "matches" was given no handler'],
		[
			"with a handler of no event",
			{ begun: ended },
			`"matches" has no event "begun" that could be handled; its events are ${names}`,
		],
		[
			"with a handler that is no function",
			{ ended: "later" },
			"the handler of matches.ended is not a function",
		],
	])("%s", (_, handlers, message) => {
		expect(() => make(handlers)).toThrow(new TypeError(message));
	});

	test.each<SubscribeOptions>([
		{ concurrency: 0 },
		{ bytes: 1.5 },
		{ timeoutMs: 0 },
		{ timeoutMs: Number.NaN },
		{ retry: { attempts: 0 } },
		{ retry: { firstDelayMs: -1 } },
		{ retry: { longestDelayMs: Number.POSITIVE_INFINITY } },
		{ from: new Date("soon") },
		{ from: "begin" as "start" },
		{ park: "all" as "key" },
		{ order: "none" as "key" },
	])("with %j", (options) => {
		expect(() => make({ ended }, options)).toThrow(/of subscribe\(\) of rewards of matches/);
	});
});
