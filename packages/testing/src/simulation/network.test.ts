import type { Pipe, PipeHandler } from "@allium/core/transport";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Ledger, Runs, serveLedger, startServers } from "./fixtures/ledger.ts";
import { constant, type NetworkOptions, type SimulatedNode, simulate, uniform, type World } from "./index.ts";

const noWork = (): number => 0;
const steady: NetworkOptions = { latency: constant(1) };

/** A server, and a caller whose call returns how long it took, or how it failed. */
async function pair(world: World): Promise<{ server: SimulatedNode; call: () => Promise<number | string> }> {
	const server = await world.start("server", (node) => serveLedger(node, new Runs(), noWork));
	const caller = await world.start("caller");
	const ledger = await caller.run(() => caller.client(Ledger));
	const call = (): Promise<number | string> =>
		caller.run(async () => {
			const begin = performance.now();
			return ledger.pay({ id: "1" }).then(
				() => Math.round(performance.now() - begin),
				(error) => error.code,
			);
		});
	await call();
	return { server, call };
}

async function outcome(scenario: (world: World) => Promise<unknown>, network = steady): Promise<unknown> {
	return (await simulate({ network }, scenario)).value;
}

// These seeds are part of what is tested.
beforeEach(() => vi.stubEnv("ALLIUM_SEED", ""));
afterEach(() => vi.unstubAllEnvs());

describe("the simulated network", () => {
	test("takes its latency each way", async () => {
		expect(await outcome(async (world) => (await pair(world)).call(), { latency: constant(40) })).toBe(80);
	});

	test("keeps the bytes of a pipe in order, whatever the latency", async () => {
		const order = await outcome(
			async (world) => {
				const received: number[] = [];
				const server = await world.start("server", (node) => {
					node.listeners.set("1", (pipe) => pipe.start(handler((bytes) => received.push(bytes[0] ?? -1))));
				});
				const caller = await world.start("caller");
				await caller.run(async () => {
					const pipe: Pipe = await world.network.dial(caller, "sim://server:1", new AbortController().signal);
					pipe.start(handler(() => {}));
					for (let value = 0; value < 100; value++) pipe.write(Uint8Array.of(value));
				});
				await world.sleep(1_000);
				expect(server.up).toBe(true);
				return received;
			},
			{ latency: uniform(0, 500) },
		);
		expect(order).toEqual(Array.from({ length: 100 }, (_, value) => value));
	});

	test("holds a stalled pipe up, and loses nothing", async () => {
		const took = await outcome(async (world) => {
			const { call } = await pair(world);
			world.network.stall("server", "caller", 500);
			return call();
		});
		expect(took).toBe(502);
	});

	test("holds a partition up until it is healed", async () => {
		const took = await outcome(async (world) => {
			const { call } = await pair(world);
			const heal = world.network.partition(["server"], ["caller", "registry"]);
			const calling = call();
			await world.sleep(2_000);
			heal();
			return calling;
		});
		expect(took).toBe(2_002);
	});

	test("cuts one way only, where asked: the call arrives, its reply does not", async () => {
		const runs = new Runs();
		const seen = await outcome(async (world) => {
			await world.start("server", (node) => serveLedger(node, runs, noWork));
			const caller = await world.start("caller");
			world.network.partition(["server"], ["caller"], { oneWay: true });
			const first = await caller.run(() =>
				caller
					.client(Ledger)
					.pay({ id: "no way" })
					.catch((e) => e.code),
			);
			return first;
		});
		expect(seen).toBe("deadline_exceeded");
		expect(runs.of("no way")).toBe(0);
		const later = await outcome(async (world) => {
			await world.start("server", (node) => serveLedger(node, runs, noWork));
			const caller = await world.start("caller");
			const ledger = await caller.run(() => caller.client(Ledger));
			await caller.run(() => ledger.pay({ id: "both ways" }));
			world.network.partition(["server"], ["caller"], { oneWay: true });
			return caller.run(() => ledger.pay({ id: "one way" }).catch((error) => error.code));
		});
		expect(later).toBe("deadline_exceeded");
		expect(runs.of("one way")).toBe(1);
	});

	test("resets a pipe under its calls; the next call connects again", async () => {
		const codes = await outcome(async (world) => {
			const { call } = await pair(world);
			const calling = call();
			await world.sleep(0.5);
			world.network.reset("caller", "server");
			const broken = await calling;
			await world.sleep(500);
			return [broken, await call()];
		});
		expect(codes).toEqual(["unavailable", 4]);
	});

	test("tells of a crash at once, of a silent one only by silence", async () => {
		for (const silent of [false, true]) {
			const code = await outcome(async (world) => {
				const { server, call } = await pair(world);
				server.crash({ silent });
				const begin = world.now;
				return [await call(), world.now - begin < 100];
			});
			expect(code).toEqual(silent ? ["deadline_exceeded", false] : ["unavailable", true]);
		}
	});

	test("refuses where nothing listens", async () => {
		const error = outcome(async (world) => {
			const caller = await world.start("caller");
			await caller.run(() => world.network.dial(caller, "sim://nowhere:1", new AbortController().signal));
		});
		await expect(error).rejects.toThrow("nothing listens at sim://nowhere:1");
	});

	test("loses, doubles and delays what the registry sends and gets, and calls find their way", async () => {
		const { value, log } = await simulate(
			{ seed: 4, network: { datagrams: { loss: 0.3, doubling: 0.3, delay: uniform(0, 300) } } },
			async (world) => {
				await startServers(world, 3, new Runs());
				const caller = await world.start("caller");
				await world.sleep(20_000);
				return caller.run(() => caller.client(Ledger).read({ id: "1" }));
			},
		);
		expect(value.by).toMatch(/^server-/);
		expect(log).toContain("datagram to registry lost");
		expect(log).toContain("datagram to registry doubled");
	});
});

function handler(data: (bytes: Uint8Array) => void): PipeHandler {
	return { data, drain() {}, closed() {} };
}
