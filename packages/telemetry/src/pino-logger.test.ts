import { Writable } from "node:stream";
import { ServiceError } from "@allium/core";
import { trace } from "@opentelemetry/api";
import { type Level, pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { pinoLogger } from "./pino-logger.ts";
import { startTelemetry, type Telemetry } from "./telemetry.ts";

let telemetry: Telemetry | undefined;
afterEach(() => telemetry?.close());

function logger(level: Level = "debug") {
	const lines: Record<string, unknown>[] = [];
	const stream = new Writable({
		write(chunk, _, done) {
			lines.push(JSON.parse(String(chunk)));
			done();
		},
	});
	return { lines, log: pinoLogger(pino({ level }, stream)).log };
}

describe("pino", () => {
	test.each([
		["debug", 20],
		["info", 30],
		["warn", 40],
		["error", 50],
	] as const)("writes %s as %i, with fields", (level, number) => {
		const { lines, log } = logger();
		log(level, "called", { method: "a/b", ms: 1 });
		expect(lines).toEqual([expect.objectContaining({ level: number, msg: "called", method: "a/b", ms: 1 })]);
	});

	test("drops what is below its level", () => {
		const { lines, log } = logger("warn");
		log("info", "no");
		expect(lines).toEqual([]);
	});

	test("shows an error with its stack, its code and why", () => {
		const { lines, log } = logger();
		const cause = new TypeError("a bug");
		log("error", "failed", {
			error: new ServiceError({ code: "internal", message: "internal error", cause }),
		});
		expect(lines[0]?.err).toMatchObject({
			type: "ServiceError",
			code: "internal",
			message: "internal error: a bug",
			stack: expect.stringContaining("TypeError: a bug"),
		});
	});

	test("lets nothing through that controls a terminal", () => {
		const { lines, log } = logger();
		log("info", "hi\x9b2J", { name: "\x1b]0;title\x07\x85", count: 1 });
		expect(lines[0]).toMatchObject({ msg: "hi\\u009b2J", name: "\\u001b]0;title\\u0007\\u0085", count: 1 });
	});

	test("names the span that is active", () => {
		telemetry = startTelemetry({ name: "test", traces: { export() {}, async shutdown() {} } });
		const { lines, log } = logger();
		trace.getTracer("test").startActiveSpan("mine", (span) => {
			log("info", "inside");
			const { traceId, spanId } = span.spanContext();
			expect(lines[0]).toMatchObject({ trace_id: traceId, span_id: spanId });
		});
		log("info", "outside");
		expect(lines[1]).not.toHaveProperty("trace_id");
	});
});
