import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { held, methods, wrapped } from "./fixtures/methods.ts";
import { TestTelemetry } from "./fixtures/telemetry.ts";
import { metrics } from "./metrics.ts";

const background = Context.background();
const common = { "rpc.system.name": "allium", "rpc.method": "c/read" };

test("without an SDK a call passes as it is", async () => {
	const seen: unknown[] = [];
	const endpoint: Endpoint = async (_, ctx) => void seen.push(ctx);
	await metrics("server")(endpoint, methods.read)({}, background);
	expect(seen).toEqual([background]);
});

describe("with an SDK", () => {
	let telemetry: TestTelemetry;
	beforeEach(() => {
		vi.useFakeTimers({ toFake: ["performance"] });
		telemetry = new TestTelemetry();
	});
	afterEach(async () => {
		vi.useRealTimers();
		await telemetry[Symbol.asyncDispose]();
	});

	const points = async (name: string) => (await telemetry.measured()).get(name) ?? [];

	test("a call at the server is measured in seconds, in the buckets that the conventions advise", async () => {
		const { endpoint, calls } = held();
		const call = wrapped(metrics("server"), endpoint, methods.read)({}, background);
		vi.advanceTimersByTime(20);
		calls[0]?.resolve({});
		await call;
		expect(await points("rpc.server.call.duration")).toMatchObject([
			{
				attributes: { ...common, "rpc.status_code": "ok" },
				value: {
					count: 1,
					sum: 0.02,
					buckets: {
						boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
					},
				},
			},
		]);
	});

	test("a call at the client is measured under its name, with the service as the other end", async () => {
		await wrapped(metrics("client"), async () => ({}), methods.read)({}, background);
		const attributes = { ...common, "server.address": "c", "rpc.status_code": "ok" };
		expect(await points("rpc.client.call.duration")).toMatchObject([{ attributes, value: { count: 1 } }]);
		expect(await points("rpc.server.call.duration")).toEqual([]);
	});

	test("codes are told apart, and errors marked: at a server its own, at a client all", async () => {
		for (const side of ["server", "client"] as const) {
			for (const code of ["not_found", "internal", "not_found"] as const) {
				const fail = () => Promise.reject(new ServiceError({ code, message: "any" }));
				await wrapped(metrics(side), fail, methods.read)({}, background).catch(() => {});
			}
		}
		const found = async (side: string) =>
			(await points(`rpc.${side}.call.duration`)).map(({ attributes, value }) => [
				attributes["rpc.status_code"],
				attributes["error.type"],
				typeof value === "number" || value.count,
			]);
		expect(await found("server")).toEqual([
			["not_found", undefined, 2],
			["internal", "internal", 1],
		]);
		expect(await found("client")).toEqual([
			["not_found", "not_found", 2],
			["internal", "internal", 1],
		]);
	});

	test("calls that go on are counted", async () => {
		const { endpoint, calls } = held();
		const measured = wrapped(metrics("server"), endpoint, methods.read);
		const both = [measured({}, background), measured({}, background)];
		expect(await points("allium.server.active_calls")).toMatchObject([{ attributes: common, value: 2 }]);
		for (const call of calls) call.resolve({});
		await Promise.all(both);
		expect(await points("allium.server.active_calls")).toMatchObject([{ attributes: common, value: 0 }]);
	});

	test("a stream is measured when it has ended", async () => {
		async function* numbers() {
			yield 1;
			vi.advanceTimersByTime(3_000);
			yield 2;
		}
		const measured = wrapped(metrics("server"), async () => numbers(), methods.watch);
		const stream = (await measured({}, background)) as AsyncIterable<unknown>;
		expect(await points("rpc.server.call.duration")).toEqual([]);
		await Array.fromAsync(stream);
		expect(await points("rpc.server.call.duration")).toMatchObject([{ value: { count: 1, sum: 3 } }]);
	});
});

test("an SDK may come after the middleware", async () => {
	const call = wrapped(metrics("client"), async () => {}, methods.read);
	await call({}, background);
	await using telemetry = new TestTelemetry();
	await call({}, background);
	expect((await telemetry.measured()).get("rpc.client.call.duration")).toMatchObject([
		{ value: { count: 1 } },
	]);
});
