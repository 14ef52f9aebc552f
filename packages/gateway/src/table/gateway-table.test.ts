import { type Instance, memoryRegistry, silentLogger } from "@allium/core";
import type { RegistryEvent } from "@allium/core/registry";
import { PeerPool } from "@allium/core/transport";
import { nodeTransports } from "@allium/node";
import { afterEach, expect, test, vi } from "vitest";
import { Exposure } from "./exposure.ts";
import { GatewayTable } from "./gateway-table.ts";

const registry = memoryRegistry();
const opened: GatewayTable[] = [];
afterEach(async () => {
	await Promise.all(opened.splice(0).map((table) => table.close()));
});

function given(): GatewayTable {
	const table = new GatewayTable({
		registry,
		namespace: "default",
		peers: new PeerPool(nodeTransports({ tls: undefined })),
		exposure: new Exposure(undefined, "127.0.0.1"),
		guard: (_request, ctx) => ctx,
		timeoutMs: undefined,
		middleware: [],
		tls: undefined,
		credentials: () => ({}),
		logger: silentLogger,
	});
	opened.push(table);
	return table;
}

/** An instance that cannot be reached. */
function instance(n: number): Instance {
	return {
		id: `${n}`,
		app: "items",
		namespace: "default",
		addresses: ["http://127.0.0.1:1"],
		services: [{ name: `items${String(n).padStart(4, "0")}`, version: "1.0.0", hash: "1" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: new Date(0).toISOString(),
	};
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("many services that come at once are taken in over several turns of the event loop", async () => {
	const table = given();
	const instances = Array.from({ length: 350 }, (_, n) => instance(n));
	table.apply({ type: "snapshot", instances });
	expect([table.services.length, table.isKnown]).toEqual([100, false]);
	for (let turns = 0; !table.isKnown && turns < 10; turns++) await turn();
	expect(table.services.map(({ upstream }) => upstream.service)).toEqual(
		instances.map(({ services: [service] }) => service?.name),
	);
});

test("a table that is closed takes in no more", async () => {
	const table = given();
	table.apply({ type: "snapshot", instances: Array.from({ length: 250 }, (_, n) => instance(n)) });
	await table.close();
	await turn();
	expect(table.services.length).toBe(100);
});

test("services of which no instance is up are remembered for an hour, and a hundred of them for good", async () => {
	vi.useFakeTimers({ toFake: ["performance"] });
	try {
		const table = given();
		const instances = Array.from({ length: 150 }, (_, n) => instance(n));
		const takeIn = async (event: RegistryEvent): Promise<void> => {
			table.apply(event);
			for (let turns = 0; turns < 5; turns++) await turn();
		};
		await takeIn({ type: "snapshot", instances });
		await takeIn({ type: "snapshot", instances: [] });
		expect(table.services.length).toBe(150);
		vi.advanceTimersByTime(3_600_000);
		await takeIn({ type: "snapshot", instances: [] });
		expect(table.services.length).toBe(100);
	} finally {
		vi.useRealTimers();
	}
});
