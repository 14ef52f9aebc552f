import { Context, type Instance } from "@allium/core";
import { keepRegistered, type Lease } from "@allium/core/registry";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Watcher } from "../registry/registry-watcher.ts";
import { constant, type RegistryFaults, type SimulatedNode, simulate, type World } from "./index.ts";

const background = Context.background();
const ttlMs = 5_000;

// These seeds are part of what is tested.
beforeEach(() => vi.stubEnv("ALLIUM_SEED", ""));
afterEach(() => vi.unstubAllEnvs());

function instance(id: string): Instance {
	return {
		id,
		app: "shop",
		namespace: "default",
		addresses: [`sim://${id}`],
		services: [],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "2026-01-01T00:00:00.000Z",
	};
}

/** Starts a node that keeps itself registered. */
function keeper(world: World, name: string): Promise<SimulatedNode> {
	return world.start(name, async (node) => {
		await keepRegistered(node.registry, instance(name), { logger: node.logger });
	});
}

/** Starts a node that watches. */
async function watching(world: World): Promise<Watcher> {
	const node = await world.start("watcher");
	const watcher = await node.run(() => new Watcher(node.registry.watch({}, background)));
	await world.until("it has a snapshot", () => watcher.events.length > 0);
	return watcher;
}

function run<Value>(
	registry: RegistryFaults,
	scenario: (world: World) => Promise<Value>,
): Promise<{ value: Value }> {
	return simulate({ ttlMs, registry, network: { latency: constant(1) } }, scenario);
}

describe("a watcher in a simulation", () => {
	test("is told of changes as they happen", async () => {
		await run({}, async (world) => {
			const watcher = await watching(world);
			const node = await world.start("server");
			const lease: Lease = await node.run(() => node.registry.register(instance("a"), background));
			await world.sleep(5);
			expect(watcher.told).toEqual(["snapshot", "up a"]);
			await node.run(() => lease.release());
			await world.sleep(5);
			expect(watcher.events.at(-1)).toMatchObject({ type: "down", released: true });
		});
	});

	test("finds out by itself who is not renewed any more, however late the registry is", async () => {
		await run({ lateExpiry: constant(60_000) }, async (world) => {
			const server = await keeper(world, "server");
			const watcher = await watching(world);
			const killedAt = world.now;
			server.crash();
			await world.until("it is gone", () => watcher.gone.length > 0);
			expect(world.now - killedAt).toBeLessThanOrEqual(ttlMs + 20);
			await world.sleep(20_000);
			expect(watcher.told).toEqual(["snapshot server", "down server"]);
		});
	});

	test("loses nobody to messages that come twice, late or never", async () => {
		await run({}, async (world) => {
			await Promise.all(["a", "b", "c"].map((name) => keeper(world, name)));
			const watcher = await watching(world);
			const delay = (random: () => number): number => 500 * random();
			world.network.configure({ datagrams: { loss: 0.1, doubling: 0.5, delay } });
			await keeper(world, "d");
			await world.sleep(30_000);
			expect(watcher.up).toEqual(["a", "b", "c", "d"]);
		});
	});

	test("loses nobody to a registry that comes back with an old snapshot", async () => {
		await run({ snapshotAgeMs: 10_000 }, async (world) => {
			await keeper(world, "old");
			await world.sleep(20_000);
			await keeper(world, "new");
			const watcher = await watching(world);
			world.registry.crash({ silent: true });
			await world.sleep(60_000);
			await world.registry.restart();
			await world.sleep(20_000);
			expect(watcher.told).toEqual(["snapshot new old"]);
		});
	});

	test("sees in time what a stale replica does not know yet", async () => {
		await run({ staleReads: { probability: 0.5, ageMs: 3_000 } }, async (world) => {
			const watcher = await watching(world);
			await keeper(world, "a");
			await world.until("it is up", () => watcher.up.length > 0);
			await world.sleep(20_000);
			expect(watcher.told).toEqual(["snapshot", "up a"]);
		});
	});
});
