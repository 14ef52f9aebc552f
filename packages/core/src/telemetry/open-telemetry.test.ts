import { createRequire } from "node:module";
import * as imported from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, describe, expect, test } from "vitest";
import {
	activeContext,
	errorStatus,
	registered,
	rootContext,
	spanKinds,
	spanOf,
	withSpan,
} from "./open-telemetry.ts";

/** The API for `import`, and the one for `require`: two copies, as there are in many processes. */
const required: typeof imported = createRequire(import.meta.url)("@opentelemetry/api");

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const span = imported.trace.wrapSpanContext({ traceId, spanId, traceFlags: imported.TraceFlags.SAMPLED });

test("the two copies of the API are two", () => {
	expect(required.ROOT_CONTEXT).not.toBe(imported.ROOT_CONTEXT);
});

describe.each([
	["imported", imported],
	["required", required],
])("of an API that is %s", (_, api) => {
	afterEach(() => {
		for (const part of [api.trace, api.metrics, api.context, api.propagation]) part.disable();
	});

	test("it finds exactly the keys that are registered with it", () => {
		const meters = new MeterProvider();
		const propagator = new W3CTraceContextPropagator();
		expect(registered().metrics).toBeUndefined();
		api.metrics.setGlobalMeterProvider(meters);
		api.propagation.setGlobalPropagator(propagator);
		expect(registered()).toMatchObject({ metrics: meters, propagation: propagator });
		expect(registered().trace).toBeUndefined();
		api.metrics.disable();
		expect(registered().metrics).toBeUndefined();
	});

	test("another provider is another, though the API puts one of its own in front", () => {
		api.trace.setGlobalTracerProvider(new TracerProvider());
		const first = registered().trace;
		api.trace.disable();
		expect(registered().trace).toBeUndefined();
		api.trace.setGlobalTracerProvider(new TracerProvider());
		expect(first).toBeDefined();
		expect(registered().trace).not.toBe(first);
	});

	test("the span that one sets in a context, the other finds", () => {
		expect(api.trace.getSpan(withSpan(rootContext, span))).toBe(span);
		expect(spanOf(api.trace.setSpan(api.ROOT_CONTEXT, span))).toBe(span);
		expect(spanOf(api.trace.deleteSpan(withSpan(rootContext, span)))).toBeUndefined();
	});

	test("a span that is active in it is active here, and the other way round", () => {
		expect(activeContext()).toBe(rootContext);
		api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
		const ours = withSpan(rootContext, span);
		const theirs = api.trace.setSpan(api.ROOT_CONTEXT, span);
		expect(api.context.with(theirs, activeContext)).toBe(theirs);
		expect(registered().context?.with(ours, () => api.trace.getActiveSpan())).toBe(span);
	});
});

describe("a context", () => {
	const key = imported.createContextKey("key");

	test("is never changed, only replaced", () => {
		const one = rootContext.setValue(key, 1);
		const two = one.setValue(key, 2);
		expect([rootContext, one, two, two.deleteValue(key)].map((context) => context.getValue(key))).toEqual([
			undefined,
			1,
			2,
			undefined,
		]);
	});
});

test("the values that stand here are those of the API", () => {
	const { SERVER, CLIENT, PRODUCER, CONSUMER } = imported.SpanKind;
	expect(spanKinds).toEqual({ server: SERVER, client: CLIENT, producer: PRODUCER, consumer: CONSUMER });
	expect(errorStatus).toBe(imported.SpanStatusCode.ERROR);
});
