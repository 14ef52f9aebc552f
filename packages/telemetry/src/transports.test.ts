import { Endpoints, telemetryContext } from "@allium/core";
import { memoryTransport, webSocketTransport } from "@allium/core/frames";
import { fetchTransport } from "@allium/core/http";
import type { Dialer, Listener, Transport } from "@allium/core/transport";
import { acceptFrames, frames, http, listen } from "@allium/node";
import { propagation, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { Context, contract, createClient, method, stream } from "allium";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { startTelemetry, type Telemetry } from "./telemetry.ts";

const Echo = contract("echo", {
	unary: method({ output: z.object({ baggage: z.string().optional() }) }),
	up: method({ input: stream(z.int()), output: z.object({ sum: z.int() }) }),
	down: method({ output: stream(z.int()) }),
	both: method({ input: stream(z.int()), output: stream(z.int()) }),
});

async function* numbers() {
	yield 1;
	yield 2;
}

class Kept implements SpanExporter {
	readonly spans: ReadableSpan[] = [];
	export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
		this.spans.push(...spans);
		done({ code: 0 });
	}
	async shutdown() {}
	async forceFlush() {}
}

let kept: Kept;
let telemetry: Telemetry;
let listener: Listener | undefined;

beforeEach(() => {
	kept = new Kept();
	telemetry = startTelemetry({ name: "test", traces: kept });
});

afterEach(async () => {
	await listener?.close();
	await telemetry.close();
});

/** Serves and calls over a transport. */
async function open(scheme: string, transport: Dialer | Transport) {
	const endpoints = new Endpoints();
	endpoints.serve(Echo, {
		unary: async (_, ctx) => ({ baggage: ctx.metadata.get("baggage") }),
		async up(input) {
			return { sum: (await Array.fromAsync(input)).length };
		},
		down: () => numbers(),
		both: async function* (input) {
			yield* input;
		},
	});
	listener =
		"listen" in transport && scheme === "memory"
			? await transport.listen(endpoints, { address: "test" })
			: await listen(endpoints, { acceptFrames: acceptFrames() });
	const url =
		listener.addresses.find((address) => address.startsWith(`${scheme}:`)) ??
		`${listener.addresses.find((address) => address.startsWith("http:"))?.replace("http:", `${scheme}:`)}`;
	return createClient(Echo, { url, transports: [transport] });
}

describe.each([
	["memory", "memory", memoryTransport()],
	["frames", "allium", frames()],
	["HTTP/1.1, and HTTP/2 where both sides are streams", "http", http()],
	["WebSockets", "ws", webSocketTransport()],
	["fetch", "http", fetchTransport()],
] as const)("over %s", (name, scheme, transport) => {
	const mine = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1, isRemote: true };
	const baggage = propagation.createBaggage({ user: { value: "ann" } });
	const parent = propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, mine), baggage);
	const ctx = Context.background().withValue(telemetryContext, parent);

	/** The spans that were kept, with the server's span below the client's. */
	async function chain() {
		await telemetry.close();
		const client = kept.spans.find(({ kind }) => kind === SpanKind.CLIENT);
		const server = kept.spans.find(({ kind }) => kind === SpanKind.SERVER);
		expect(kept.spans).toHaveLength(2);
		expect(client?.parentSpanContext?.spanId).toBe(mine.spanId);
		expect(server?.parentSpanContext?.spanId).toBe(client?.spanContext().spanId);
		expect(server?.spanContext().traceId).toBe(mine.traceId);
	}

	test("a call carries trace and baggage", async () => {
		await using client = await open(scheme, transport);
		expect(await client.unary({}, ctx)).toEqual({ baggage: "user=ann" });
		await listener?.close();
		await chain();
	});

	test("a stream carries them", async () => {
		await using client = await open(scheme, transport);
		expect(await Array.fromAsync(client.down({}, ctx))).toEqual([1, 2]);
		await listener?.close();
		await chain();
	});

	// A browser's fetch has one direction at a time.
	test.skipIf(name === "fetch")("a stream in both directions carries them", async () => {
		await using client = await open(scheme, transport);
		expect(await Array.fromAsync(client.both(numbers(), ctx))).toEqual([1, 2]);
		await listener?.close();
		await chain();
	});
});
