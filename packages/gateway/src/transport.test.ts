import { Context, contract, describe, Endpoints, memoryRegistry, method } from "@allium/core";
import { memoryTransport } from "@allium/core/frames";
import { afterEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { post } from "./fixtures/system.ts";
import { type Gateway, gateway } from "./gateway.ts";

const Greeter = contract("greeter", {
	hello: method({ output: z.object({ greeting: z.string() }), effect: "read" }),
});

let front: Gateway | undefined;
afterEach(() => front?.stop());

test("a gateway calls over the transport that a variable names, and does not listen there", async () => {
	const registry = memoryRegistry({ ttlMs: 3_600_000 });
	const transport = memoryTransport();
	const endpoints = new Endpoints();
	endpoints.serve(Greeter, { hello: async (_, ctx) => ({ greeting: `hello, ${ctx.peer?.address}` }) });
	const listener = await transport.listen(endpoints);
	const { name, version, hash } = describe(Greeter);
	const instance = {
		id: "greeter-1",
		app: "greeter",
		namespace: "default",
		addresses: listener.addresses,
		services: [{ name, version, hash }],
		labels: {},
		weight: 1,
		status: "up" as const,
		startedAt: "2026-01-01T00:00:00Z",
	};
	await registry.register(instance, Context.background());

	front = gateway({
		registry,
		port: 0,
		env: { ALLIUM_TRANSPORT: "memory:" },
		adapters: { memory: async () => ({ transport: () => transport }) },
		logger: { log() {} },
	});
	await front.start();
	expect(front.addresses.filter((address) => address.startsWith("memory:"))).toEqual([]);
	const url = front.addresses.find((address) => address.startsWith("http:")) ?? "";
	await vi.waitFor(async () => {
		const answer = await post(`${url}/greeter/hello`, {});
		expect(await answer.json()).toEqual({ greeting: "hello, memory" });
	});
	await listener.close();
});
