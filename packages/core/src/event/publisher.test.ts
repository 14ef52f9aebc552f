import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Cause, withCause } from "../context/cause.ts";
import { Context } from "../context/context.ts";
import { Metadata } from "../context/metadata.ts";
import { contract } from "../contract/contract.ts";
import { event } from "../contract/event.ts";
import { ServiceError } from "../errors/service-error.ts";
import { Matches, Players } from "./fixtures/matches.ts";
import { Published } from "./fixtures/published.ts";
import { later } from "./later.ts";
import { publishDefaults } from "./publish-defaults.ts";
import { Publisher, type PublisherOptions } from "./publisher.ts";

beforeEach(() => void vi.useFakeTimers({ now: Date.parse("2026-01-01T00:00:00Z") }));
afterEach(() => void vi.useRealTimers());

const ctx = Context.background();
const id = "m1";
const unavailable = () => new ServiceError({ code: "unavailable", message: "the broker is away" });

function publisherTo(broker: Published, options: Partial<PublisherOptions> = {}) {
	return new Publisher({ broker, source: "shop", ...options });
}

describe("an event that is published", () => {
	test("is stamped with what the runtime knows", async () => {
		const broker = new Published();
		const [receipt] = await publisherTo(broker).publish(Matches.started({ id }), ctx);
		expect(broker.records).toEqual([
			{
				id: receipt?.id,
				type: "matches.started",
				version: 1,
				source: "shop",
				key: "m1",
				time: "2026-01-01T00:00:00.000Z",
				data: { id: "m1", size: 19 },
				correlationId: receipt?.id,
			},
		]);
	});

	test("has a greater id than the one before", async () => {
		const broker = new Published();
		const { publish } = publisherTo(broker);
		for (let count = 0; count < 100; count++) await publish(Matches.seen({ by: "me" }), ctx);
		const ids = broker.records.map((record) => record.id);
		expect(ids).toEqual([...new Set(ids)].sort());
	});

	test("keeps the id that it was given", async () => {
		const broker = new Published();
		await publisherTo(broker).publish({ ...Matches.seen({ by: "me" }), id: "seen-1" }, ctx);
		expect(broker.records).toMatchObject([{ id: "seen-1" }]);
	});

	test("keeps what a sender elsewhere stamped on it", async () => {
		const broker = new Published();
		const stamp = { source: "/tills/7", correlationId: "c1", causationId: "c2" };
		await publisherTo(broker).publish({ ...Matches.seen({ by: "me" }), stamp }, ctx);
		expect(broker.records).toMatchObject([stamp]);
	});

	test("carries trace, metadata and causes of its context on", async () => {
		const broker = new Published();
		const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
		const arrived = ctx["~with"]({ metadata: new Metadata({ traceparent, tracestate: "a=1" }) }).withMetadata(
			{ "x-global-tenant": "acme", "x-global-key-bin": new Uint8Array([1, 2]), own: "mine" },
		);
		await publisherTo(broker).publish(Matches.seen({ by: "me" }), withCause(arrived, new Cause("c2", "c1")));
		expect(broker.records).toMatchObject([
			{
				correlationId: "c1",
				causationId: "c2",
				traceparent,
				tracestate: "a=1",
				metadata: { "x-global-tenant": "acme", "x-global-key-bin": "AQI" },
			},
		]);
		expect(broker.records[0]?.metadata).not.toHaveProperty("own");
	});

	test("has the same id when its cause comes again, and another where it differs", async () => {
		const broker = new Published();
		const { publish } = publisherTo(broker);
		for (let time = 0; time < 2; time++) {
			const caused = withCause(ctx, new Cause("c1"));
			await publish(Matches.started({ id: "m1" }), caused);
			await publish(Matches.started({ id: "m2" }), caused);
			await publish(Matches.started({ id: "m1" }), caused);
		}
		const ids = broker.records.map((record) => record.id);
		expect(ids.slice(3)).toEqual(ids.slice(0, 3));
		expect(new Set(ids).size).toBe(3);
	});

	test("can wait for its time, where the broker can delay events", async () => {
		const broker = new Published();
		await publisherTo(broker).publish(later(Matches.started({ id }), 60_000), ctx);
		expect(broker.records).toMatchObject([{ notBefore: "2026-01-01T00:01:00.000Z" }]);

		const failure = publisherTo(new Published({ delay: false })).publish(
			later(Matches.started({ id }), 1),
			ctx,
		);
		await expect(failure).rejects.toMatchObject({
			code: "failed_precondition",
			reason: "no_delay",
			message: expect.stringContaining("test: cannot delay events"),
		});
	});

	test("is refused if it would be gone before its time comes", async () => {
		const broker = new Published();
		broker.retainMs = 90_000;
		const { publish } = publisherTo(broker);
		const batch = [89_999, 90_000].map((afterMs) => later(Matches.started({ id }), afterMs));
		await expect(publish(batch, ctx)).rejects.toMatchObject({
			code: "failed_precondition",
			reason: "beyond_retention",
			message:
				"matches.started would be gone before 2026-01-01T00:01:30.000Z: matches keeps events for 90 s; publish it later, or make the topic with a longer retention",
		});
		expect(broker.records).toEqual([]);
		await publish(batch.slice(0, 1), ctx);
		expect(broker.records).toHaveLength(1);
	});
});

describe("several events", () => {
	test("of one contract are published together, in order", async () => {
		const broker = new Published();
		const receipts = await publisherTo(broker).publish(
			[Matches.started({ id }), Matches.ended({ id, winner: "p1" })],
			ctx,
		);
		expect(broker.batches.map((batch) => batch.map(({ type }) => type))).toEqual([
			["matches.started", "matches.ended"],
		]);
		expect(receipts.map((receipt) => receipt.id)).toEqual(broker.records.map((record) => record.id));
	});

	test("of two contracts are refused", async () => {
		const broker = new Published();
		const published = publisherTo(broker).publish([Matches.started({ id }), Players.joined({ id })], ctx);
		await expect(published).rejects.toMatchObject({
			code: "invalid_argument",
			message: expect.stringContaining("matches and players"),
		});
		expect(broker.records).toEqual([]);
	});

	test("are not published when one of them is invalid", async () => {
		const broker = new Published();
		const wrong = { ...Matches.started({ id }), data: { id, size: "large" } };
		await expect(publisherTo(broker).publish([Matches.started({ id }), wrong], ctx)).rejects.toMatchObject({
			code: "invalid_argument",
			reason: "invalid_event",
			message: expect.stringContaining("size"),
		});
		expect(broker.records).toEqual([]);
	});

	test("that are none are published at once", async () => {
		expect(await publisherTo(new Published()).publish([], ctx)).toEqual([]);
	});
});

describe("what cannot be published", () => {
	test.each([
		["nothing", undefined],
		["the name of an event", "started"],
		["a plain object", { type: "matches.started" }],
		["the event's type itself", [Matches.started]],
	])("is %s", async (_, value) => {
		const { publish } = publisherTo(new Published());
		await expect(Reflect.apply(publish, undefined, [value, ctx])).rejects.toThrow(/publish\(\) takes events/);
	});

	test("is named when it is an event whose data were forgotten", async () => {
		const { publish } = publisherTo(new Published());
		await expect(Reflect.apply(publish, undefined, [Matches.started, ctx])).rejects.toThrow(
			"and was given matches.started without its data",
		);
	});

	test("is an event with something else than a context", async () => {
		const { publish } = publisherTo(new Published());
		await expect(Reflect.apply(publish, undefined, [Matches.seen({ by: "me" }), {}])).rejects.toThrow(
			"publish() was given an object as its second argument, which is a context",
		);
	});

	test("is an event of a contract that the app must not publish", async () => {
		const { publish } = publisherTo(new Published(), { whyNot: (topic) => `shop does not serve ${topic}` });
		await expect(publish(Matches.started({ id }), ctx)).rejects.toMatchObject({
			code: "permission_denied",
			reason: "not_publisher",
			message: "shop does not serve matches",
		});
	});

	test("is an event that its service keeps to itself", async () => {
		await expect(
			publisherTo(new Published()).publish(Matches.counted({ count: 1 }), ctx),
		).rejects.toMatchObject({
			code: "invalid_argument",
			message: expect.stringContaining("matches.counted is private"),
		});
	});

	test.each(["", "k".repeat(1_025), "a\0b"])("is an event with an unusable key", async (key) => {
		await expect(
			publisherTo(new Published()).publish(Matches.started({ id: key }), ctx),
		).rejects.toMatchObject({ code: "invalid_argument", reason: "invalid_event" });
	});

	test("is an event that is larger than the broker takes; the error names it", async () => {
		const broker = new Published({ maxEventBytes: 1_000 });
		await expect(
			publisherTo(broker).publish(Matches.seen({ by: "x".repeat(1_000) }), ctx),
		).rejects.toMatchObject({
			code: "resource_exhausted",
			reason: "event_too_large",
			message: expect.stringContaining("matches.seen"),
		});
		expect(broker.records).toEqual([]);
	});
});

describe("while the broker is away", () => {
	test("an event is published again under its id", async () => {
		const broker = new Published();
		const ids: string[] = [];
		broker.before = async ([record]) => {
			ids.push(record?.id ?? "");
			if (ids.length < 4) throw unavailable();
		};
		const published = publisherTo(broker).publish(Matches.started({ id }), ctx);
		await vi.advanceTimersByTimeAsync(5_000);
		await published;
		expect(new Set(ids).size).toBe(1);
		expect([ids.length, broker.records.length]).toEqual([4, 1]);
	});

	test("publishing fails with `unavailable` before its deadline", async () => {
		const broker = new Published();
		broker.before = () => Promise.reject(unavailable());
		const published = publisherTo(broker).publish(Matches.started({ id }), ctx);
		const failure = expect(published).rejects.toMatchObject({ code: "unavailable" });
		await vi.advanceTimersByTimeAsync(10_000);
		await failure;
	});

	test("publishing whose deadline ends a later attempt says why the one before it failed", async () => {
		const broker = new Published();
		let attempts = 0;
		broker.before = () => (attempts++ === 0 ? Promise.reject(unavailable()) : new Promise(() => {}));
		const published = publisherTo(broker).publish(Matches.started({ id }), ctx);
		const failure = expect(published).rejects.toMatchObject({ message: "the broker is away" });
		await vi.advanceTimersByTimeAsync(10_000);
		await failure;
		expect(attempts).toBe(2);
	});

	test("a topic that could not be opened is opened by the next attempt", async () => {
		const broker = new Published();
		const opening = vi.fn(async () => {}).mockRejectedValueOnce(unavailable());
		broker.opening = opening;
		const published = publisherTo(broker).publish(Matches.started({ id }), ctx);
		await vi.advanceTimersByTimeAsync(1_000);
		await published;
		expect(opening).toHaveBeenCalledTimes(2);
	});
});

describe("a broker that never answers", () => {
	test("is waited for until the deadline", async () => {
		const broker = new Published();
		broker.before = () => new Promise(() => {});
		const published = publisherTo(broker).publish(Matches.started({ id }), ctx);
		const failure = expect(published).rejects.toMatchObject({ code: "deadline_exceeded" });
		await vi.advanceTimersByTimeAsync(10_000);
		await failure;
		expect(vi.getTimerCount()).toBe(0);
	});

	test("is waited for until the caller's own deadline, also while the topic opens", async () => {
		const broker = new Published();
		broker.opening = () => new Promise(() => {});
		const published = publisherTo(broker).publish(Matches.started({ id }), ctx.withTimeout(100));
		const failure = expect(published).rejects.toMatchObject({ code: "deadline_exceeded" });
		await vi.advanceTimersByTimeAsync(100);
		await failure;
	});
});

describe("more events than the broker takes", () => {
	const large = Matches.seen({ by: "x".repeat(1_000) });

	test("wait for their turn, and arrive in the order of their calls", async () => {
		const broker = new Published();
		const gates = [
			Promise.withResolvers<void>(),
			Promise.withResolvers<void>(),
			Promise.withResolvers<void>(),
		];
		broker.before = async () => gates[broker.batches.length]?.promise;
		const { publish } = publisherTo(broker, { maxBytes: 1_500 });
		const done: number[] = [];
		const all = [1, 2, 3].map((each) => publish(large, ctx).then(() => done.push(each)));
		for (const [index, gate] of gates.entries()) {
			await vi.advanceTimersByTimeAsync(0);
			expect(broker.batches).toHaveLength(index);
			gate.resolve();
		}
		await Promise.all(all);
		expect(done).toEqual([1, 2, 3]);
	});

	test("are refused whole when their deadline passes before their turn", async () => {
		const broker = new Published();
		broker.before = () => new Promise(() => {});
		const { publish } = publisherTo(broker, { maxBytes: 1_500, middleware: [] });
		publish(large, ctx.withTimeout(60_000)).catch(() => {});
		await vi.advanceTimersByTimeAsync(0);
		const refused = publish([large, large], ctx.withTimeout(100));
		const failure = expect(refused).rejects.toMatchObject({
			code: "resource_exhausted",
			reason: "publish_queue_full",
		});
		await vi.advanceTimersByTimeAsync(100);
		await failure;
		expect(broker.records).toEqual([]);
	});
});

test("events that are published while the topic opens arrive in the order of their calls", async () => {
	const broker = new Published();
	const opened = Promise.withResolvers<void>();
	broker.opening = () => opened.promise;
	const { publish } = publisherTo(broker);
	const sizes = Array.from({ length: 20 }, (_, index) => index + 1);
	const published = sizes.slice(0, 4).map((size) => publish(Matches.started({ id, size }), ctx));
	opened.resolve();
	for (const size of sizes.slice(4)) {
		await Promise.resolve();
		published.push(publish(Matches.started({ id, size }), ctx));
	}
	await Promise.all(published);
	expect(broker.records.map(({ data }) => data)).toEqual(sizes.map((size) => ({ id, size })));
});

test("a schema may take its time", async () => {
	const data = z.object({ name: z.string() }).refine(async () => true);
	const Slow = contract("slow", { named: event({ data }) });
	const broker = new Published();
	await publisherTo(broker).publish(Slow.named({ name: "a" }), ctx);
	expect(broker.records).toMatchObject([{ data: { name: "a" } }]);
});

test("middleware wraps publishing, outermost first; what it passes on keeps its id", async () => {
	const broker = new Published();
	const ids: (string | undefined)[] = [];
	const { publish } = publisherTo(broker, {
		middleware: [
			(next) => (events, given) => {
				ids.push(...[events].flat().map((each) => each.id));
				return next(events, given);
			},
			(next) => (events, given) =>
				next(
					[events].flat().map((each) => ({ ...each, data: { by: "you" } })),
					given,
				),
			...publishDefaults().middleware,
		],
	});
	await publish(Matches.seen({ by: "me" }), ctx);
	expect(broker.records).toMatchObject([{ id: ids[0], data: { by: "you" } }]);
	expect(ids[0]).toBeDefined();
});

test("publishing without a context is told", async () => {
	const told: string[] = [];
	const { publish } = publisherTo(new Published(), { onMissingContext: (type) => told.push(type.type) });
	await publish(Matches.started({ id }));
	await publish(Matches.started({ id }), ctx);
	expect(told).toEqual(["matches.started"]);
});

test("what is on its way can be waited for", async () => {
	const broker = new Published();
	const gate = Promise.withResolvers<void>();
	broker.before = () => gate.promise;
	const publisher = publisherTo(broker);
	const published = publisher.publish(Matches.started({ id }), ctx);
	let isDrained = false;
	const drained = publisher.drained().then(() => {
		isDrained = true;
	});
	await vi.advanceTimersByTimeAsync(0);
	expect(isDrained).toBe(false);
	gate.resolve();
	await Promise.all([published, drained]);
});
