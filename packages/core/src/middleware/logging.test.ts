import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { Code } from "../errors/code.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import { methods, wrapped } from "./fixtures/methods.ts";
import { type LoggingOptions, logging } from "./logging.ts";
import { telemetryContext } from "./tracing.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const background = Context.background();

function logged(next: Endpoint, options: LoggingOptions = {}, method: "read" | "watch" = "read") {
	const log = vi.fn<Logger["log"]>();
	const call = wrapped(logging({ log }, options), next, methods[method]);
	return { log, call: (input: unknown = {}, ctx = background) => call(input, ctx) };
}

test("a call is one line at its end: method, code and time", async () => {
	const { log, call } = logged((_, ctx) => sleep(120, ctx));
	const done = call();
	expect(log).not.toHaveBeenCalled();
	await vi.advanceTimersByTimeAsync(120);
	await done;
	expect(log).toHaveBeenCalledExactlyOnceWith("info", "call", { method: "c/read", code: "ok", ms: 120 });
});

test("a call that arrived names its caller", async () => {
	const { log, call } = logged(async () => {});
	await call({}, background["~with"]({ peer: { address: "127.0.0.1:4000" } }));
	expect(log.mock.lastCall?.[2]).toMatchObject({ peer: "127.0.0.1:4000" });
});

test("a call that is traced names its span", async () => {
	const span = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
	const { log, call } = logged(async () => {});
	await call({}, background.withValue(telemetryContext, trace.setSpanContext(ROOT_CONTEXT, span)));
	expect(log.mock.lastCall?.[2]).toMatchObject({ trace_id: span.traceId, span_id: span.spanId });
});

describe("the level tells which side is to blame", () => {
	test.each([
		["error", "internal"],
		["error", "unavailable"],
		["warn", "not_found"],
		["warn", "permission_denied"],
		["info", "canceled"],
	] as [string, Code][])("%s: %s", async (level, code) => {
		const error = new ServiceError({ code });
		const { log, call } = logged(() => Promise.reject(error));
		await call().catch(() => {});
		expect(log).toHaveBeenCalledExactlyOnceWith(level, "call", expect.objectContaining({ code }));
		expect(log.mock.lastCall?.[2]?.error).toMatchObject({ code });
	});

	test("and is the user's for calls that end well", async () => {
		const { log, call } = logged(async () => {}, { level: "debug" });
		await call();
		expect(log).toHaveBeenCalledExactlyOnceWith("debug", "call", expect.anything());
	});
});

test("an input is noted only as the user says", async () => {
	const fields = (_: Context, __: unknown, input: unknown) => ({ user: (input as { user: string }).user });
	const { log, call } = logged(async () => {}, { fields });
	await call({ user: "ann", password: "secret" });
	expect(log.mock.lastCall?.[2]).toEqual({ method: "c/read", code: "ok", ms: 0, user: "ann" });
});

test("a stream is one line when it has ended", async () => {
	async function* numbers() {
		yield 1;
		await sleep(50, background);
		throw new ServiceError({ code: "internal" });
	}
	const { log, call } = logged(async () => numbers(), {}, "watch");
	const stream = (await call()) as AsyncIterable<unknown>;
	const read = Array.fromAsync(stream).catch(() => {});
	await vi.advanceTimersByTimeAsync(49);
	expect(log).not.toHaveBeenCalled();
	await vi.advanceTimersByTimeAsync(1);
	await read;
	expect(log).toHaveBeenCalledExactlyOnceWith(
		"error",
		"call",
		expect.objectContaining({ code: "internal", ms: 50 }),
	);
});
