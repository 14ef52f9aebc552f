import { contract, method, silentLogger } from "@allium/core";
import { gateway } from "@allium/gateway";
import { createApp } from "@allium/node";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { TestCluster } from "./fixtures/cluster.ts";
import { pod, sliceOf } from "./fixtures/pods.ts";

const Greeter = contract("greeter", {
	hello: method({ input: z.object({ name: z.string() }), output: z.object({ greeting: z.string() }) }),
});

let cluster: TestCluster;
let stop: (() => Promise<void>)[];

beforeEach(async () => {
	stop = [];
	cluster = await TestCluster.start();
});
afterEach(async () => {
	for (const each of stop.reverse()) await each();
	await cluster.close();
});

/** Starts a service in a pod that listens on loopback. Returns its port. */
async function startPod(greeting: string): Promise<number> {
	const app = createApp({
		name: "greeter",
		registry: await cluster.open(),
		env: {},
		port: 0,
		logger: silentLogger,
	});
	app.serve(Greeter, { hello: async ({ name }) => ({ greeting: `${greeting} ${name}` }) });
	await app.start();
	stop.push(() => app.stop());
	return Number(new URL(app.addresses[0] ?? "").port);
}

function show(port: number): void {
	const ports = [{ name: "allium", port, protocol: "TCP" }];
	cluster.server.store.put(sliceOf("greeter", [pod("127.0.0.1")], { ports }));
}

async function startGateway(): Promise<(name: string) => Promise<unknown>> {
	const edge = gateway({ registry: await cluster.open(), env: {}, port: 0, logger: silentLogger });
	await edge.start();
	stop.push(() => edge.stop());
	const url = edge.addresses.find((address) => address.startsWith("http:")) ?? "";
	return async (name) => {
		const answer = await fetch(`${url}/greeter/hello`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ name }),
		});
		return answer.json();
	};
}

test("a gateway calls the pods of a service, and follows its slices", async () => {
	show(await startPod("Hello"));
	const hello = await startGateway();
	await vi.waitFor(async () => expect(await hello("Ada")).toEqual({ greeting: "Hello Ada" }));
	show(await startPod("Welcome"));
	await vi.waitFor(async () => expect(await hello("Ada")).toEqual({ greeting: "Welcome Ada" }));
});
