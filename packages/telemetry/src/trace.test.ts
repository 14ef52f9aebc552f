import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { frames } from "@allium/node";
import { ServiceProcess } from "@allium/testing/process";
import { createClient } from "allium";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CollectedSpan, Collector } from "./fixtures/collector.ts";
import { hop } from "./fixtures/hop.ts";

const hopProgram = new URL("fixtures/hop.ts", import.meta.url).pathname;
const gatewayProgram = new URL("fixtures/front-door.ts", import.meta.url).pathname;
const traceId = "0af7651916cd43dd8448eb211c80319c";
const callerSpanId = "b7ad6b7169203331";
const headers = {
	"content-type": "application/json",
	traceparent: `00-${traceId}-${callerSpanId}-01`,
	baggage: "user=ann",
};

let folder: string;
let collector: Collector;
let running: ServiceProcess[];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-telemetry-"));
	collector = await Collector.open();
	running = [];
});

afterEach(async () => {
	for (const process of running) await process[Symbol.asyncDispose]();
	await collector[Symbol.asyncDispose]();
	await rm(folder, { recursive: true, force: true });
});

async function start(program: string, ...args: string[]): Promise<string> {
	const env = { ALLIUM_REGISTRY: `sqlite://${folder}`, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
	const started = await ServiceProcess.start(program, { env, args });
	running.push(started);
	return started.url;
}

/** Stops all processes as a platform does, so that they send their remaining spans. */
async function stopAll(): Promise<void> {
	for (const process of running) process.signal("SIGTERM");
	for (const process of running) expect(await process.ended()).toBe(0);
}

/** The chain of spans below `parent`, as `service kind name`. */
function chainBelow(parent: string): string[] {
	const below = collector.spans.filter(({ parentSpanId }) => parentSpanId === parent);
	const kinds: Record<number, string> = { 2: "server", 3: "client" };
	const line = ({ service, kind, name }: CollectedSpan) => `${service} ${kinds[kind]} ${name}`;
	return below.flatMap((span) => [line(span), ...chainBelow(span.spanId)]);
}

async function post(url: string): Promise<unknown> {
	const answer = await fetch(url, { method: "POST", headers, body: "{}" });
	return answer.json();
}

describe("one trace, from HTTP through the gateway and three processes", () => {
	test("has a span for every end of every call, in order; baggage comes along", async () => {
		await start(hopProgram, "back");
		await start(hopProgram, "middle", "back");
		await start(hopProgram, "front", "middle");
		const gateway = await start(gatewayProgram);

		expect(await post(`${gateway}/front/visit`)).toEqual({
			visits: ["front", "middle", "back"].map((name) => ({ name, baggage: "user=ann" })),
		});

		await stopAll();
		expect(new Set(collector.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
		expect(chainBelow(callerSpanId)).toEqual([
			"gateway server front/visit",
			"gateway client front/visit",
			"front server front/visit",
			"front client middle/visit",
			"middle server middle/visit",
			"middle client back/visit",
			"back server back/visit",
		]);
	});

	test("passes a process without an SDK by, and goes on behind it; baggage too", async () => {
		await start(hopProgram, "back");
		await start(hopProgram, "middle", "back", "--untraced");
		const front = await start(hopProgram, "front", "middle");

		expect(await post(`${front}/front/visit`)).toEqual({
			visits: ["front", "middle", "back"].map((name) => ({ name, baggage: "user=ann" })),
		});

		await stopAll();
		expect(collector.spans.map((span) => span.traceId)).toEqual(Array(3).fill(traceId));
		expect(chainBelow(callerSpanId)).toEqual([
			"front server front/visit",
			"front client middle/visit",
			"back server back/visit",
		]);
	});

	test("begins where there is none yet, and streams belong to it", async () => {
		await start(hopProgram, "back");
		const front = await start(hopProgram, "front", "back");
		const Front = hop("front");
		await using client = createClient(Front, {
			url: front.replace("http:", "allium:"),
			transports: [frames()],
		});

		expect(await Array.fromAsync(client.watch({}))).toEqual([1]);

		await stopAll();
		const [root] = collector.spans.filter((span) => (span.parentSpanId ?? "") === "");
		expect([root?.service, root?.name]).toEqual(["front", "front/watch"]);
		expect(chainBelow(root?.spanId ?? "")).toEqual(["front client back/watch", "back server back/watch"]);
	});
});
