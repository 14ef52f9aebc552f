import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import { TestTelemetry } from "../middleware/fixtures/telemetry.ts";
import { activeSpan } from "../middleware/tracing.ts";
import type { Consumer, ConsumerReport, Delivered } from "./broker.ts";
import type { EventRecord } from "./event-record.ts";
import { Matches } from "./fixtures/matches.ts";
import { Published } from "./fixtures/published.ts";
import { GroupMetrics } from "./group-metrics.ts";
import type { Handlers } from "./handlers.ts";
import { Publisher } from "./publisher.ts";
import { Subscription } from "./subscription.ts";

const ctx = Context.background();
const id = "m1";

let telemetry: TestTelemetry;
let broker: Published;
let publisher: Publisher;

beforeEach(() => {
	telemetry = new TestTelemetry();
	broker = new Published();
	publisher = new Publisher({ broker, source: "shop" });
});

afterEach(() => telemetry[Symbol.asyncDispose]());

function span(name: string): ReadableSpan {
	const found = telemetry.spans.getFinishedSpans().find((each) => each.name === name);
	if (found === undefined) throw new Error(`there is no span ${name}`);
	return found;
}

/** Handles what was published, as a broker delivers it. */
async function handle(
	more: Partial<Delivered> = {},
	changed: Partial<EventRecord> = {},
	handler = async () => {},
) {
	const subscription = new Subscription(Matches, { started: handler }, { group: "rewards" });
	for (const record of broker.records) {
		const event = { ...record, ...changed };
		await subscription.deliver(
			{ event, lane: 0, cursor: "1", bytes: 1, attempt: 1, epoch: 1, isReplay: false, ...more },
			ctx,
		);
	}
}

describe("the trace of an event", () => {
	test("leads from its publisher to its handler, whose span links to the publisher's, too", async () => {
		await publisher.publish(Matches.started({ id }), ctx);
		await handle();
		const [published, processed] = [span("publish matches"), span("process matches")];
		expect([published.kind, processed.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER]);
		expect(processed.spanContext().traceId).toBe(published.spanContext().traceId);
		expect(processed.parentSpanContext?.spanId).toBe(published.spanContext().spanId);
		expect(processed.links.map((link) => link.context.spanId)).toEqual([published.spanContext().spanId]);
		expect(published.attributes).toMatchObject({
			"messaging.system": "allium",
			"messaging.operation.name": "publish",
			"messaging.operation.type": "send",
			"messaging.destination.name": "matches",
			"messaging.message.id": broker.records[0]?.id,
		});
		expect(processed.attributes).toMatchObject({
			"messaging.operation.type": "process",
			"messaging.consumer.group.name": "rewards",
			"messaging.message.id": broker.records[0]?.id,
			"allium.event.type": "matches.started",
			"allium.event.attempt": 1,
		});
	});

	test("begins in the call that publishes it", async () => {
		const tracer = trace.getTracer("test");
		const outer = tracer.startSpan("call");
		await context.with(trace.setSpan(context.active(), outer), () =>
			publisher.publish(Matches.started({ id }), ctx),
		);
		expect(span("publish matches").parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
	});

	test.each([
		["was replayed", { isReplay: true }, {}],
		["is older than ten minutes", {}, { time: new Date(Date.now() - 11 * 60_000).toISOString() }],
	])("that %s is a new one with a link", async (_, more, changed) => {
		await publisher.publish(Matches.started({ id }), ctx);
		await handle(more, changed);
		const [published, processed] = [span("publish matches"), span("process matches")];
		expect(processed.parentSpanContext).toBeUndefined();
		expect(processed.spanContext().traceId).not.toBe(published.spanContext().traceId);
		expect(processed.links.map((link) => link.context.spanId)).toEqual([published.spanContext().spanId]);
	});

	test("goes on in what the handler publishes", async () => {
		await publisher.publish(Matches.started({ id }), ctx);
		const next = new Published();
		const second = new Publisher({ broker: next, source: "rewards" });
		const handlers: Handlers<typeof Matches> = {
			async started(_, ctx) {
				expect(activeSpan(ctx)).toBeDefined();
				await second.publish(Matches.seen({ by: "rewards" }), ctx);
			},
		};
		const subscription = new Subscription(Matches, handlers, { group: "rewards" });
		const [event] = broker.records;
		if (event === undefined) throw new Error("nothing was published");
		const delivered = { event, lane: 0, cursor: "1", bytes: 1, attempt: 1, epoch: 1, isReplay: false };
		expect(await subscription.deliver(delivered, ctx)).toEqual({ do: "done" });
		expect(next.records[0]?.traceparent).toContain(span("process matches").spanContext().traceId);
	});

	test("shows what failed", async () => {
		broker.before = () => Promise.reject(new ServiceError({ code: "permission_denied", message: "no" }));
		await publisher.publish(Matches.started({ id }), ctx).catch(() => {});
		expect(span("publish matches")).toMatchObject({
			status: { code: SpanStatusCode.ERROR, message: "no" },
			attributes: { "error.type": "permission_denied" },
		});
		broker.before = async () => {};
		await publisher.publish(Matches.started({ id }), ctx);
		await handle({}, {}, () => Promise.reject(new Error("no")));
		expect(span("process matches")).toMatchObject({
			status: { code: SpanStatusCode.ERROR },
			attributes: { "error.type": "internal" },
		});
	});
});

describe("metrics", () => {
	test("tell how long publishing and handling take, and what was tried again", async () => {
		await publisher.publish([Matches.started({ id }), Matches.started({ id })], ctx);
		await handle({ attempt: 2 });
		const measured = await telemetry.measured();
		const [sent] = measured.get("messaging.client.sent.messages") ?? [];
		expect(sent).toMatchObject({ value: 2, attributes: { "messaging.destination.name": "matches" } });
		expect(measured.get("messaging.client.operation.duration")).toMatchObject([{ value: { count: 1 } }]);
		const [duration] = measured.get("messaging.process.duration") ?? [];
		expect(duration).toMatchObject({
			value: { count: 2 },
			attributes: { "messaging.consumer.group.name": "rewards", "allium.event.type": "matches.started" },
		});
		expect(measured.get("allium.group.redelivered")).toMatchObject([{ value: 2 }]);
	});

	/** A group that reports this. */
	function group(report: Consumer["report"]) {
		return { id: { topic: "matches", group: "rewards" }, consumer: { report } };
	}

	test("of groups tell what is known, and nothing of what is not", async () => {
		const report: ConsumerReport = { lag: 3, parked: 1, lanes: 16, passedOver: 0 };
		const groups = new GroupMetrics([group(async () => report)]);
		groups.start();
		const measured = await telemetry.measured();
		expect(measured.get("allium.group.lag")).toMatchObject([
			{
				value: 3,
				attributes: { "messaging.destination.name": "matches", "messaging.consumer.group.name": "rewards" },
			},
		]);
		expect(measured.get("allium.group.parked")).toMatchObject([{ value: 1 }]);
		expect(measured.get("allium.group.lanes")).toMatchObject([{ value: 16 }]);
		expect(measured.get("allium.group.lag.seconds") ?? []).toEqual([]);
		groups.stop();
	});

	test("of a group that cannot tell any more are no numbers, while the others go on", async () => {
		let isAway = false;
		const one = group(async () => {
			if (isAway) throw new Error("away");
			return { lag: 3, lanes: 1, passedOver: 0 };
		});
		const other = {
			...group(async () => ({ lag: 7, lanes: 1, passedOver: 0 })),
			id: { topic: "matches", group: "stats" },
		};
		const groups = new GroupMetrics([one, other]);
		groups.start();
		const lags = async () => (await telemetry.measured()).get("allium.group.lag")?.map(({ value }) => value);
		expect(await lags()).toEqual([3, 7]);
		isAway = true;
		expect(await lags()).toEqual([Number.NaN, 7]);
		groups.stop();
	});
});
