import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { type Method, method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { ObservedEndpoint } from "../transport/observe-calls.ts";
import type { Listener, Peer } from "../transport/transport.ts";
import { memoryTransport } from "./memory-transport.ts";

const C = contract("c", {
	add: method({}),
	fail: method({}),
	hang: method({}),
	count: method({ output: stream(z.int()) }),
	collect: method({ input: stream(z.int()) }),
});

let listener: Listener;
let peer: Peer;

beforeEach(async () => {
	const endpoints = new Endpoints();
	endpoints.serve(C, {
		add: async () => ({}),
		fail: () => Promise.reject(new Error("bug")),
		hang: () => new Promise(() => {}),
		async *count() {
			yield* [1, 2, 3];
		},
		collect: async (numbers) => {
			for await (const _ of numbers) break;
			return {};
		},
	});
	const transport = memoryTransport();
	listener = await transport.listen(endpoints, { address: "c" });
	peer = transport.dial("memory://c");
	// The calls of the test find a connection that takes calls at once.
	await peer.endpoint(C.add)({}, Context.background());
});

afterEach(async () => {
	await peer.close();
	await listener.close();
});

/** A method to call, and what its calls have told. */
function observed(called: Method) {
	const told: string[] = [];
	const observer = {
		onBegin: () => void told.push("begin"),
		onEnd: vi.fn((outcome: { ok: boolean; error?: { code: string } }) => {
			told.push(outcome.ok ? "ok" : (outcome.error?.code ?? "no code"));
		}),
	};
	const endpoint = peer.observedEndpoint?.(called) as ObservedEndpoint;
	return { told, call: (input: unknown = {}, ctx = Context.background()) => endpoint(input, ctx, observer) };
}

describe("a call tells its caller, once,", () => {
	test("that it begins, and that it succeeded", async () => {
		const { told, call } = observed(C.add);
		const reply = call();
		expect(told).toEqual(["begin"]);
		await reply;
		expect(told).toEqual(["begin", "ok"]);
	});

	test("that it failed", async () => {
		const { told, call } = observed(C.fail);
		await expect(call()).rejects.toMatchObject({ code: "internal" });
		expect(told).toEqual(["begin", "internal"]);
	});

	test("that its time ran out", async () => {
		const { told, call } = observed(C.hang);
		await expect(call({}, Context.background().withTimeout(5))).rejects.toBeDefined();
		expect(told).toEqual(["begin", "deadline_exceeded"]);
	});

	test("that its context had ended before", async () => {
		const { told, call } = observed(C.add);
		const { ctx, cancel } = Context.background().withCancel();
		cancel();
		await expect(call({}, ctx)).rejects.toBeDefined();
		expect(told).toEqual(["begin", "canceled"]);
	});

	test("that the connection was lost", async () => {
		const { told, call } = observed(C.hang);
		const reply = call();
		await listener.close();
		await expect(reply).rejects.toBeDefined();
		expect(told).toEqual(["begin", "unavailable"]);
	});

	test("that nothing is there", async () => {
		await listener.close();
		const { told, call } = observed(C.add);
		await expect(call()).rejects.toBeDefined();
		expect(told).toEqual(["begin", "unavailable"]);
	});

	test("that it succeeded, when its input is a stream", async () => {
		const { told, call } = observed(C.collect);
		async function* one() {
			yield 1;
		}
		await call(one());
		expect(told).toEqual(["begin", "ok"]);
	});
});

describe("the call of a stream tells", () => {
	test("when its last message was delivered", async () => {
		const { told, call } = observed(C.count);
		const messages = (await call()) as AsyncIterable<number>;
		expect(told).toEqual(["begin"]);
		expect(await Array.fromAsync(messages)).toEqual([1, 2, 3]);
		expect(told).toEqual(["begin", "ok"]);
	});

	test("when its consumer breaks out of it", async () => {
		const { told, call } = observed(C.count);
		for await (const _ of (await call()) as AsyncIterable<number>) break;
		expect(told).toEqual(["begin", "canceled"]);
	});
});
