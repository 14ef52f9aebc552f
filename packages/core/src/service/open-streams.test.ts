import { describe, expect, test } from "vitest";
import * as z from "zod";
import { noMetadata } from "../context/metadata.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { Endpoints } from "../server/endpoints.ts";
import { ServerCall } from "./server-call.ts";

const Clock = contract("clock", {
	ticks: method({ output: stream(z.object({ tick: z.int() })) }),
	wait: method({}),
});

/** A call whose handler waits until its context ends. */
function arrive(path: string, endpoints: Endpoints = waitingEndpoints()) {
	const incoming = { path, metadata: noMetadata, peer: { address: "memory" }, timeoutMs: Infinity };
	const call = new ServerCall(endpoints, incoming);
	call.run(() => ({})).catch(() => {});
	return { call, endpoints };
}

function waitingEndpoints(): Endpoints {
	const endpoints = new Endpoints();
	endpoints.serve(Clock, {
		async *ticks(_, ctx) {
			yield { tick: 0 };
			await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
		},
		wait: (_, ctx) => new Promise((resolve) => ctx.signal.addEventListener("abort", () => resolve())),
	});
	return endpoints;
}

describe("open streams that are ended", () => {
	test("end with a reason of their own", () => {
		const { call, endpoints } = arrive("clock/ticks");
		endpoints.streams.end();
		expect(call.ctx.error).toMatchObject({ code: "unavailable", reason: "server_stopping" });
	});

	test("do not include calls without a stream", () => {
		const { call, endpoints } = arrive("clock/wait");
		endpoints.streams.end();
		expect(call.ctx.error).toBeUndefined();
	});

	test("include those that begin later", () => {
		const endpoints = waitingEndpoints();
		endpoints.streams.end();
		const { call } = arrive("clock/ticks", endpoints);
		expect(call.ctx.error).toMatchObject({ reason: "server_stopping" });
	});

	test("are not kept once they are over", () => {
		const { call, endpoints } = arrive("clock/ticks");
		expect(endpoints.streams.size).toBe(1);
		call.settle({ ok: true });
		expect(endpoints.streams.size).toBe(0);
	});
});
