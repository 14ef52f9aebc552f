import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:net";
import { memoryRegistry } from "@allium/core";
import { context, metrics, trace } from "@opentelemetry/api";
import { allium, contract, method } from "allium";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Collector } from "./fixtures/collector.ts";
import { startTelemetry, type Telemetry } from "./telemetry.ts";

const Shop = contract("shop", {
	buy: method({ input: z.object({ item: z.string() }), errors: { sold_out: { code: "not_found" } } }),
});

const promtool = spawnSync("promtool", ["--version"]);

/** One line of Prometheus' text: name, labels and value. */
function sample(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
	for (const [, found, list = "", value] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
		const has = Object.fromEntries(
			[...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, label]) => [key, label]),
		);
		if (found === name && Object.entries(labels).every(([key, label]) => has[key] === label))
			return Number(value);
	}
	return undefined;
}

let telemetry: Telemetry | undefined;
beforeEach(() => void vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", ""));
afterEach(async () => {
	await telemetry?.close();
	vi.unstubAllEnvs();
});

describe("/metrics of an app", () => {
	async function scraped(calls: readonly string[], before = async (_url: string): Promise<void> => {}) {
		telemetry = startTelemetry({ name: "shop", version: "1.2.3" });
		const app = allium({
			name: "shop",
			env: {},
			registry: memoryRegistry(),
			metrics: telemetry.prometheus,
			drainDelayMs: 0,
			logger: { log() {} },
		});
		app.serve(Shop, {
			async buy({ item }) {
				if (item === "bug") throw new Error("a bug");
				if (item === "gone") throw Shop.buy.error.sold_out();
			},
		});
		await app.start();
		try {
			const client = app.client(Shop);
			for (const item of calls) await client.buy({ item }).catch(() => {});
			const url = app.addresses.find((address) => address.startsWith("http:"));
			await before(String(url));
			const answer = await fetch(`${url}/metrics`);
			expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
			return await answer.text();
		} finally {
			await app.stop();
		}
	}

	test("counts and times calls on both sides, by method and code", async () => {
		const text = await scraped(["tea", "tea", "gone", "bug"]);
		const counted = (side: string, code: string, more = {}) =>
			sample(text, `rpc_${side}_call_duration_seconds_count`, {
				rpc_method: "shop/buy",
				rpc_status_code: code,
				...more,
			});
		expect(["ok", "not_found", "internal"].map((code) => counted("server", code))).toEqual([2, 1, 1]);
		expect(["ok", "not_found", "internal"].map((code) => counted("client", code))).toEqual([2, 1, 1]);
		expect(counted("server", "internal", { error_type: "internal" })).toBe(1);
		expect(counted("server", "not_found", { error_type: "not_found" })).toBeUndefined();
		const bucket = { rpc_method: "shop/buy", rpc_status_code: "ok", le: "+Inf" };
		expect(sample(text, "rpc_server_call_duration_seconds_bucket", bucket)).toBe(2);
		expect(sample(text, "allium_server_active_calls", { rpc_method: "shop/buy" })).toBe(0);
	});

	test("counts the connections that the port left to Node's server, by the reason", async () => {
		const text = await scraped([], async (url) => {
			const upload = request(`${url}/shop/buy`, { method: "POST" });
			// Its length is unknown, so it is sent in chunks.
			upload.write("{}");
			upload.end();
			const [answer] = await once(upload, "response");
			answer.resume();
		});
		expect(sample(text, "allium_http_handed_over_total", { reason: "transfer_encoding" })).toBe(1);
	});

	test("tells what the process is and takes", async () => {
		const text = await scraped([]);
		expect(sample(text, "target_info", { service_name: "shop", service_version: "1.2.3" })).toBe(1);
		expect(sample(text, "process_memory_usage_bytes")).toBeGreaterThan(1e6);
		expect(sample(text, "process_cpu_time_seconds_total", { cpu_mode: "user" })).toBeGreaterThan(0);
		expect(
			sample(text, "v8js_memory_heap_used_bytes", { v8js_heap_space_name: "old_space" }),
		).toBeGreaterThan(0);
		for (const name of ["max", "p50", "p99"]) {
			expect(sample(text, `nodejs_eventloop_delay_${name}_seconds`)).toBeGreaterThanOrEqual(0);
		}
		expect(sample(text, "nodejs_eventloop_utilization_ratio")).toBeLessThanOrEqual(1);
	});

	test("has a type for each, before its values", async () => {
		const text = await scraped(["tea"]);
		const types = new Map<string, string>();
		for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("# HELP "))) {
			const [, declared, type] = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line) ?? [];
			if (declared !== undefined && type !== undefined) types.set(declared, type);
			else {
				const [, name = ""] = /^(\w+)(?:\{(?:\w+="[^"\n]*",?)*\})? [\d.e+-]+$/.exec(line) ?? [];
				const family = types.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, "");
				expect(types.keys().toArray(), line).toContain(family);
			}
		}
		expect(types.get("rpc_server_call_duration_seconds")).toBe("histogram");
		expect(types.get("process_cpu_time_seconds_total")).toBe("counter");
		expect(types.get("process_memory_usage_bytes")).toBe("gauge");
	});

	test.skipIf(promtool.error !== undefined)(
		`is fine with promtool${promtool.error === undefined ? "" : " (skipped: there is no promtool)"}`,
		async () => {
			const input = await scraped(["tea", "gone"]);
			const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
				input,
				encoding: "utf8",
			});
			expect([status, stdout, stderr]).toEqual([0, "", ""]);
		},
	);
});

describe("telemetry", () => {
	test("makes no spans where there is no exporter", () => {
		telemetry = startTelemetry({ name: "shop" });
		expect(trace.getTracer("test").startSpan("any").isRecording()).toBe(false);
	});

	test("sends its spans to the collector when it is closed", async () => {
		await using collector = await Collector.open();
		telemetry = startTelemetry({ name: "shop", traces: collector.url });
		trace.getTracer("test").startSpan("mine").end();
		await telemetry.close();
		expect(collector.spans).toMatchObject([{ service: "shop", name: "mine" }]);
	});

	test("keeps the share of traces that it is told", async () => {
		await using collector = await Collector.open();
		telemetry = startTelemetry({ name: "shop", traces: collector.url, sampleRatio: 0 });
		trace.getTracer("test").startSpan("mine").end();
		await telemetry.close();
		expect(collector.spans).toEqual([]);
	});

	test("ends in time, and says so, when the collector does not answer", async () => {
		const silent = createServer(() => {});
		await once(silent.listen(0, "127.0.0.1"), "listening");
		const { port } = silent.address() as { port: number };
		silent.close();
		const log = vi.fn();
		telemetry = startTelemetry({ name: "shop", traces: `http://127.0.0.1:${port}`, logger: { log } });
		trace.getTracer("test").startSpan("mine").end();
		await telemetry.close();
		expect(log).toHaveBeenCalledExactlyOnceWith("warn", expect.stringContaining("ECONNREFUSED"));
	});

	test("is started once, and again only when it has been closed", async () => {
		telemetry = startTelemetry({ name: "shop" });
		expect(() => startTelemetry({ name: "shop" })).toThrow("registered in this process already");
		await telemetry.close();
		telemetry = startTelemetry({ name: "shop" });
	});

	test("leaves nothing registered when it is closed", async () => {
		const before = metrics.getMeterProvider();
		telemetry = startTelemetry({ name: "shop" });
		expect(metrics.getMeterProvider()).not.toBe(before);
		await telemetry.close();
		expect(metrics.getMeterProvider()).toBe(before);
		expect(context.with(context.active(), () => true)).toBe(true);
	});

	test.each([
		[{ traces: "localhost:4318" }, "traces takes the address of an OTLP collector"],
		[{ sampleRatio: 2 }, "sampleRatio is from 0 to 1"],
	])("refuses %j", (options, message) => {
		expect(() => startTelemetry({ name: "shop", ...options })).toThrow(message);
		telemetry = startTelemetry({ name: "shop" });
	});

	test("names the variable whose collector cannot be", () => {
		vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318");
		expect(() => startTelemetry({ name: "shop" })).toThrow(
			/^OTEL_EXPORTER_OTLP_ENDPOINT takes the address of an OTLP collector, such as .* and not "localhost:4318"$/,
		);
		vi.unstubAllEnvs();
		telemetry = startTelemetry({ name: "shop" });
	});
});
