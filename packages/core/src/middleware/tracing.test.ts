import {
	type Baggage,
	context,
	propagation,
	ROOT_CONTEXT,
	SpanKind,
	SpanStatusCode,
	trace,
} from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClientLayers, createClient } from "../client/client.ts";
import { Context } from "../context/context.ts";
import { Metadata, type MetadataInit } from "../context/metadata.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { Code } from "../errors/code.ts";
import { ServiceError } from "../errors/service-error.ts";
import { memoryTransport } from "../frames/memory-transport.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { CallSide } from "../telemetry/call-facts.ts";
import { methods, wrapped } from "./fixtures/methods.ts";
import { TestTelemetry } from "./fixtures/telemetry.ts";
import { activeSpan, telemetryContext, tracing } from "./tracing.ts";

const background = Context.background();
const C = contract("c", { read: method({ effect: "read" }) });
const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const arrivedTrace = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: "rojo=1", baggage: "user=ann" };

function arrived(metadata: MetadataInit, outgoing: MetadataInit = {}): Context {
	const peer = { address: "127.0.0.1:4000" };
	return background["~with"]({ metadata: new Metadata(metadata), outgoing: new Metadata(outgoing), peer });
}

/** Calls an endpoint inside of tracing, and returns the context with which it was called. */
async function traced(side: CallSide, ctx: Context, end: Endpoint = async () => {}) {
	const seen: Context[] = [];
	const endpoint = wrapped(
		tracing(side),
		(input, inner) => {
			seen.push(inner);
			return end(input, inner);
		},
		methods.read,
	);
	await endpoint({}, ctx).catch(() => {});
	const [inner = background] = seen;
	return { inner, sent: Object.fromEntries(inner.outgoing) };
}

describe("without an SDK", () => {
	test.each(["client", "server"] as const)("a call at the %s passes as it is", async (side) => {
		const seen: unknown[] = [];
		const endpoint: Endpoint = async (_, ctx) => void seen.push(ctx);
		await tracing(side)(endpoint, methods.read)({}, background);
		expect(seen).toEqual([background]);
	});

	test("the trace that arrived travels on, beside all else", async () => {
		const { sent, inner } = await traced(
			"server",
			arrived({ ...arrivedTrace, other: "1" }, { "x-global-a": "b" }),
		);
		expect(sent).toEqual({ "x-global-a": "b", ...arrivedTrace });
		expect(activeSpan(inner)).toBeUndefined();
	});

	test("metadata that is set already stays", async () => {
		const mine = { traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` };
		const { sent } = await traced("server", arrived(arrivedTrace, mine));
		expect(sent).toEqual({ ...mine, baggage: "user=ann" });
	});

	test("baggage that is sent already leaves the trace its way, and the other way round", async () => {
		const { traceparent, tracestate, baggage } = arrivedTrace;
		expect((await traced("server", arrived(arrivedTrace, { baggage: "user=bob" }))).sent).toEqual({
			traceparent,
			tracestate,
			baggage: "user=bob",
		});
		expect((await traced("server", arrived({ baggage }))).sent).toEqual({ baggage });
	});

	test("a trace that does not fit is left out, and the call goes on", async () => {
		const filled = { "x-global-large": "x".repeat(8_000) };
		const { sent } = await traced(
			"server",
			arrived({ ...arrivedTrace, baggage: `a=${"b".repeat(200)}` }, filled),
		);
		expect(Object.keys(sent)).toEqual(["x-global-large", "traceparent", "tracestate"]);
	});
});

describe("with an SDK", () => {
	let telemetry: TestTelemetry;
	beforeEach(() => {
		telemetry = new TestTelemetry();
	});
	afterEach(() => telemetry[Symbol.asyncDispose]());

	const spans = () => telemetry.spans.getFinishedSpans();

	test("a call at the client is a span, named and described by its method", async () => {
		await traced("client", background);
		expect(spans()).toHaveLength(1);
		expect(spans()[0]).toMatchObject({
			name: "c/read",
			kind: SpanKind.CLIENT,
			status: { code: SpanStatusCode.UNSET },
			attributes: {
				"rpc.system.name": "allium",
				"rpc.method": "c/read",
				"rpc.status_code": "ok",
				"server.address": "c",
			},
			parentSpanContext: undefined,
		});
	});

	test("a call at the server is a span below the one that arrived, and names its caller", async () => {
		await traced("server", arrived(arrivedTrace));
		expect(spans()).toHaveLength(1);
		expect(spans()[0]).toMatchObject({
			name: "c/read",
			kind: SpanKind.SERVER,
			attributes: { "network.peer.address": "127.0.0.1", "network.peer.port": 4000, "rpc.status_code": "ok" },
			parentSpanContext: { traceId, spanId, isRemote: true },
		});
	});

	test("calls of a handler are below its span, and carry state and baggage on", async () => {
		const { inner } = await traced("server", arrived(arrivedTrace));
		const { sent } = await traced("client", inner);
		const [server, client] = spans();
		expect(client?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
		expect(sent).toEqual({
			traceparent: `00-${traceId}-${client?.spanContext().spanId}-01`,
			tracestate: "rojo=1",
			baggage: "user=ann",
		});
	});

	test("a call without the context of a handler is below the active span", async () => {
		const tracer = trace.getTracer("test");
		await tracer.startActiveSpan("mine", async (span) => {
			await traced("client", background);
			span.end();
		});
		const [client, mine] = spans();
		expect(client?.parentSpanContext?.spanId).toBe(mine?.spanContext().spanId);
	});

	test("the context of the call goes before the active span", async () => {
		const tracer = trace.getTracer("test");
		const mine = tracer.startSpan("mine");
		const ctx = background.withValue(telemetryContext, trace.setSpan(ROOT_CONTEXT, mine));
		await tracer.startActiveSpan("active", () => traced("client", ctx));
		expect(spans()[0]?.parentSpanContext?.spanId).toBe(mine.spanContext().spanId);
	});

	test("a call inside of a call at the same client is below it: tries of one call are siblings", async () => {
		const tries: Endpoint = async (_, ctx) => {
			await traced("client", ctx);
			await traced("client", ctx);
		};
		await traced("client", background, tries);
		const [first, second, whole] = spans();
		expect([first, second].map((span) => span?.parentSpanContext?.spanId)).toEqual(
			Array(2).fill(whole?.spanContext().spanId),
		);
	});

	test("metadata of a call is sent besides, and baggage that is set is sent", async () => {
		const baggage: Baggage = propagation.createBaggage({ user: { value: "bob" } });
		const ctx = background
			.withMetadata({ mine: "1", baggage: "user=ann" })
			.withValue(telemetryContext, propagation.setBaggage(ROOT_CONTEXT, baggage));
		const { sent } = await traced("client", ctx);
		expect(sent).toMatchObject({ mine: "1", baggage: "user=bob" });
	});

	test("a span ends when the call has, not before", async () => {
		const { promise, resolve } = Promise.withResolvers<unknown>();
		const done = traced("client", background, () => promise);
		expect(spans()).toEqual([]);
		resolve({});
		await done;
		expect(spans()).toHaveLength(1);
	});

	describe("a call that is tried twice", () => {
		/** Makes a call that fails at first. Returns the spans of the server and of the client. */
		async function tried(layers: ClientLayers) {
			const endpoints = new Endpoints();
			let calls = 0;
			const read = async () => {
				if (++calls === 1) throw new ServiceError({ code: "unavailable" });
				return {};
			};
			endpoints.serve(C, { read });
			const transport = memoryTransport();
			const listener = await transport.listen(endpoints, { address: "test" });
			const client = createClient(C, { url: "memory://test", transports: [transport], ...layers });
			await client.read({});
			await client[Symbol.asyncDispose]();
			await listener.close();
			const of = (kind: SpanKind) => spans().filter((span) => span.kind === kind);
			return { server: of(SpanKind.SERVER), client: of(SpanKind.CLIENT) };
		}
		const parents = (of: ReadableSpan[]) => of.map((span) => span.parentSpanContext?.spanId);
		const ids = (of: ReadableSpan[]) => of.map((span) => span.spanContext().spanId);

		test("is one span at the client, with each of the server below it", async () => {
			const { server, client } = await tried({});
			expect(client).toMatchObject([{ attributes: { "rpc.status_code": "ok", "server.address": "c" } }]);
			expect(parents(server)).toEqual([...ids(client), ...ids(client)]);
		});

		test("has a span for each try too, which names the instance, where tracing is in attempt", async () => {
			const { server, client } = await tried({ attempt: [tracing("client")] });
			const [first, second, whole] = client;
			expect([first, second].map((span) => span?.attributes)).toMatchObject([
				{ "rpc.status_code": "unavailable", "network.peer.address": "test" },
				{ "rpc.status_code": "ok", "network.peer.address": "test" },
			]);
			expect(parents(client)).toEqual([whole?.spanContext().spanId, whole?.spanContext().spanId, undefined]);
			expect(parents(server)).toEqual(ids(client).slice(0, 2));
		});
	});

	describe("an error marks the span", () => {
		const all: Code[] = ["not_found", "invalid_argument", "internal", "unavailable", "canceled"];
		test.each(all)("of a client always: %s", async (code) => {
			await traced("client", background, () => Promise.reject(new ServiceError({ code, message: "why" })));
			expect(spans()[0]).toMatchObject({
				status: { code: SpanStatusCode.ERROR, message: "why" },
				attributes: { "rpc.status_code": code, "error.type": code },
			});
		});

		test("of a server when it is the server's", async () => {
			await traced("server", background, () => Promise.reject(new ServiceError({ code: "internal" })));
			expect(spans()[0]).toMatchObject({
				status: { code: SpanStatusCode.ERROR },
				attributes: { "rpc.status_code": "internal", "error.type": "internal" },
			});
		});

		test.each<Code>(["not_found", "invalid_argument", "canceled", "unauthenticated"])(
			"of a server not when it is the caller's: %s",
			async (code) => {
				await traced("server", background, () => Promise.reject(new ServiceError({ code })));
				expect(spans()[0]?.status).toEqual({ code: SpanStatusCode.UNSET });
				expect(spans()[0]?.attributes).toMatchObject({ "rpc.status_code": code });
				expect(spans()[0]?.attributes).not.toHaveProperty("error.type");
			},
		);
	});

	describe("the span is active in a handler", () => {
		const active = () => trace.getActiveSpan()?.spanContext().spanId;

		test("that answers once, and after it has waited", async () => {
			const seen: unknown[] = [];
			await traced("server", background, async (_, ctx) => {
				seen.push(active(), activeSpan(ctx)?.spanContext().spanId);
				await Promise.resolve();
				seen.push(active());
			});
			expect(seen).toEqual(Array(3).fill(spans()[0]?.spanContext().spanId));
		});

		test("that streams, for every message, until the true end", async () => {
			async function* ids() {
				yield active();
				await Promise.resolve();
				yield active();
				yield active();
			}
			const endpoint = wrapped(tracing("server"), async () => ids(), methods.watch);
			const seen: unknown[] = [];
			for await (const id of (await endpoint({}, background)) as AsyncIterable<unknown>) {
				expect([active(), spans()]).toEqual([undefined, []]);
				seen.push(id);
			}
			expect(spans()).toHaveLength(1);
			expect(seen).toEqual(Array(3).fill(spans()[0]?.spanContext().spanId));
		});
	});

	test("breaking out of a stream ends the handler, and the span with canceled", async () => {
		let ended = false;
		async function* endless() {
			try {
				while (true) yield 1;
			} finally {
				ended = true;
			}
		}
		const endpoint = wrapped(tracing("server"), async () => endless(), methods.watch);
		for await (const _ of (await endpoint({}, background)) as AsyncIterable<unknown>) break;
		expect(ended).toBe(true);
		expect(spans()[0]?.attributes).toMatchObject({ "rpc.status_code": "canceled" });
	});
});

describe("an SDK that has only a part", () => {
	test("without a propagator: the trace that arrived travels on", async () => {
		await using _ = new TestTelemetry({ propagates: false });
		const { inner } = await traced("server", arrived(arrivedTrace));
		expect((await traced("client", inner)).sent).toEqual(arrivedTrace);
	});

	test("without a context manager: streams pass, and spans have their parents from contexts", async () => {
		await using telemetry = new TestTelemetry({ activates: false });
		async function* one() {
			yield context.active() === ROOT_CONTEXT;
		}
		const endpoint = wrapped(tracing("server"), async () => one(), methods.watch);
		const stream = (await endpoint({}, arrived(arrivedTrace))) as AsyncIterable<unknown>;
		expect(await Array.fromAsync(stream)).toEqual([true]);
		expect(telemetry.spans.getFinishedSpans()[0]?.parentSpanContext?.spanId).toBe(spanId);
	});
});

test("an SDK may come after the middleware, and go", async () => {
	const call = wrapped(tracing("client"), async () => {}, methods.read);
	await call({}, background);
	const first = new TestTelemetry();
	await call({}, background);
	expect(first.spans.getFinishedSpans()).toHaveLength(1);
	await first[Symbol.asyncDispose]();
	await call({}, background);
	await using second = new TestTelemetry();
	await call({}, background);
	expect(second.spans.getFinishedSpans()).toHaveLength(1);
});
