import {
	type Balancer,
	clientDefaults,
	type Middleware,
	retry,
	roundRobin,
	ServiceError,
	timeout,
	triedInstances,
} from "@allium/core";
import { expect, test } from "vitest";
import { Ends, Ledger, Runs, serveLedger, startServers, trouble } from "./fixtures/ledger.ts";
import { quantile, report } from "./fixtures/report.ts";
import { type NetworkOptions, type SimulatedNode, simulateSeeds, uniform, type World } from "./index.ts";

/** A network on which everything happens now and then. */
const rough: NetworkOptions = {
	resets: 0.002,
	stalls: { probability: 0.005, duration: uniform(0, 1_000) },
	datagrams: { loss: 0.05, doubling: 0.05, delay: uniform(0, 100) },
};

const { count, tell } = report();

/** Makes calls of every kind, spread over the given milliseconds. Resolves when all of them are over. */
function callAll(caller: SimulatedNode, calls: number, milliseconds: number, ends: Ends): Promise<string[]> {
	return caller.run(async () => {
		const ledger = caller.client(Ledger, { middleware: [ends.middleware, ...clientDefaults().middleware] });
		const drain = async (id: string): Promise<void> => {
			for await (const _ of ledger.watch({ id })) if (Math.random() < 0.1) break;
		};
		const one = async (index: number): Promise<string> => {
			await new Promise((resolve) => setTimeout(resolve, Math.random() * milliseconds));
			const kind = (["read", "put", "pay", "watch"] as const)[index % 4] ?? "read";
			const id = `${caller.name}-${kind}-${index}`;
			const call = kind === "watch" ? drain(id) : ledger[kind]({ id });
			return call.then(
				() => `${id} ok`,
				(error) => `${id} ${error.code}`,
			);
		};
		return Promise.all(Array.from({ length: calls }, (_, index) => one(index)));
	});
}

test("no call settles twice or never, and a write runs at most once", async () => {
	const summary = await simulateSeeds({ seeds: 800, limitMs: 120_000 }, async (world) => {
		const runs = new Runs();
		const ends = new Ends();
		const servers = await startServers(world, 3, runs);
		const callers = [await world.start("caller-1"), await world.start("caller-2")];
		world.network.configure(rough);
		const calls = callers.map((caller) => callAll(caller, 40, 5_000, ends));
		await trouble(world, servers, callers, 5_000);
		// A call that never settles ends the simulation with an error: nothing is left to happen, or the limit.
		const outcomes = (await Promise.all(calls)).flat();
		await world.sleep(30_000);
		expect(outcomes).toHaveLength(80);
		expect(ends.counts).toEqual(new Array(80).fill(1));
		for (const [process, { counts }] of runs.ends) {
			// Calls that were running when their node crashed end with it.
			const allowed = process?.alive ? [1] : [0, 1];
			expect(counts.filter((times) => !allowed.includes(times))).toEqual([]);
		}
		const often = [...runs.byId].filter(([id, times]) => id.includes("-pay-") && times > 1);
		expect(often).toEqual([]);
		return outcomes.filter((outcome) => outcome.endsWith(" ok")).length;
	});
	count("settling", summary);
	const served = summary.values.reduce((sum, each) => sum + each, 0);
	tell(`  ${served} of ${summary.seeds * 80} calls were served`);
	expect(served).toBeGreaterThan(summary.seeds * 20);
});

test("retries never exceed their budget", async () => {
	const [ratio, minimumPerSecond, windowMs] = [0.2, 1, 10_000];
	const summary = await simulateSeeds({ seeds: 400 }, async (world) => {
		const servers = await startServers(world, 3, new Runs());
		const caller = await world.start("caller");
		world.network.configure(rough);
		const calls: number[] = [];
		const retries: number[] = [];
		const called: Middleware = (next) => (input, ctx) => {
			calls.push(performance.now());
			return next(input, ctx);
		};
		// What fails always, and may be tried again; a free failover is no retry.
		const fails: Middleware = () => async (_, ctx) => {
			if (triedInstances(ctx).length > 1) retries.push(performance.now());
			await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
			throw new ServiceError({ code: "unavailable" });
		};
		const perSecond = world.random.between(5, 60);
		await caller.run(async () => {
			const budget = { ratio, minimumPerSecond };
			const middleware = [called, timeout(), retry({ attempts: 5, longestDelayMs: 5, budget })];
			const ledger = caller.client(Ledger, { middleware, attempt: [fails] });
			for (let count = 0; count < 300; count++) {
				void ledger.read({ id: `${count}` }).catch(() => {});
				await new Promise((resolve) =>
					setTimeout(resolve, (-Math.log(1 - Math.random()) * 1_000) / perSecond),
				);
			}
			await new Promise((resolve) => setTimeout(resolve, 1_000));
		});
		expect(servers).toHaveLength(3);
		// The budget counts whole seconds, and a retry comes up to 5 ms after it was granted.
		const within = (times: readonly number[], from: number, to: number): number =>
			times.filter((time) => time > from && time <= to).length;
		for (const at of retries) {
			const granted = minimumPerSecond * 10 + ratio * within(calls, at - windowMs - 10, at);
			expect(within(retries, at - windowMs + 1_010, at)).toBeLessThanOrEqual(granted);
		}
		return retries.length / calls.length;
	});
	count("retry budget", summary);
	tell(
		`  at most ${Math.max(...summary.values).toFixed(2)} retries a call, where ${ratio} + 1 a second are allowed`,
	);
	expect(Math.max(...summary.values)).toBeGreaterThan(0.2);
});

test("calls go on while the registry is cut off, and come back to all instances after", {
	timeout: 60_000,
}, async () => {
	const summary = await simulateSeeds({ seeds: 400 }, async (world) => {
		const servers = await startServers(world, 3, new Runs());
		const caller = await world.start("caller");
		const ledger = await caller.run(() => caller.client(Ledger, { balancer: roundRobin() }));
		const failures: string[] = [];
		let phase = "before";
		const seen = { before: new Set<string>(), during: new Set<string>(), after: new Set<string>() };
		const calling = caller.run(async () => {
			while (phase !== "over") {
				const now = phase as keyof typeof seen;
				await ledger.pay({ id: "x" }).then(
					({ by }) => seen[now].add(by),
					(error) => failures.push(`${now}: ${error.message}`),
				);
				await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
			}
		});
		await world.sleep(2_000);
		const heal = cutOffRegistry(world, world.random.chance(0.7) ? [...servers, caller] : servers);
		phase = "during";
		await world.sleep(world.random.between(1_000, 30_000));
		heal();
		phase = "after";
		await world.sleep(10_000);
		phase = "over";
		await calling;
		expect(failures).toEqual([]);
		expect(seen.during.size).toBe(3);
		expect(seen.after.size).toBe(3);
	});
	count("registry cut off", summary);
});

test("instances that are replaced one by one, in order, lose no call", async () => {
	const summary = await simulateSeeds({ seeds: 200 }, async (world) => {
		const runs = new Runs();
		const stops = new Map<string, () => Promise<void>>();
		const names = ["server-1", "server-2", "server-3"];
		const servers = await Promise.all(
			names.map((name) =>
				world.start(name, async (node) => {
					const served = await serveLedger(node, runs);
					stops.set(name, () => served.stop({ drainDelayMs: world.random.pick([0, 500]) }));
				}),
			),
		);
		const caller = await world.start("caller");
		const ledger = await caller.run(() => caller.client(Ledger));
		const failures: string[] = [];
		let over = false;
		const calling = caller.run(async () => {
			const calls: Promise<unknown>[] = [];
			while (!over) {
				const id = `pay-${calls.length}`;
				calls.push(ledger.pay({ id }).catch((error) => failures.push(`${id}: ${error.message}`)));
				await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
			}
			await Promise.all(calls);
			return calls.length;
		});
		await world.sleep(500);
		for (const server of servers) {
			await server.run(() => stops.get(server.name)?.());
			server.crash();
			await world.sleep(world.random.between(0, 500));
			await server.restart();
			await world.sleep(500);
		}
		over = true;
		const calls = await calling;
		expect(failures).toEqual([]);
		expect([...runs.byId.values()]).toEqual(new Array(calls).fill(1));
		return calls;
	});
	count("replacement", summary);
});

/** By a partition, in one direction or both; or a crash, silent or not. */
function cutOffRegistry(world: World, nodes: readonly SimulatedNode[]): () => void {
	const names = nodes.map(({ name }) => name);
	const { registry, network, random } = world;
	if (random.chance(0.3)) {
		registry.crash({ silent: random.chance(0.5) });
		return () => void registry.restart();
	}
	const oneWay = random.chance(0.5);
	return random.chance(0.5)
		? network.partition(names, ["registry"], { oneWay })
		: network.partition(["registry"], names, { oneWay });
}

test("after healing, every client sees the instances that are up", async () => {
	const summary = await simulateSeeds({ seeds: 400 }, async (world) => {
		const servers = await startServers(world, 4, new Runs());
		const callers = [await world.start("caller-1"), await world.start("caller-2")];
		world.network.configure(rough);
		const views = new Map<string, readonly string[]>();
		for (const caller of callers) {
			const watched = (): Balancer => {
				const { join, pick } = roundRobin();
				return {
					join,
					pick(candidates, ctx) {
						views.set(caller.name, candidates.map(({ instance }) => instance.app).sort());
						return pick(candidates, ctx);
					},
				};
			};
			const ledger = await caller.run(() => caller.client(Ledger, { balancer: watched() }));
			void caller.run(async () => {
				while (true) {
					void ledger.read({ id: "x" }).catch(() => {});
					await new Promise((resolve) => setTimeout(resolve, 200));
				}
			});
		}
		await trouble(world, servers, callers, 8_000);
		const gone = servers.pop();
		gone?.crash({ silent: true });
		const healedAt = world.now;
		const up = servers.map(({ name }) => name).sort();
		const converged = (): boolean => callers.every(({ name }) => views.get(name)?.join() === up.join());
		await world.until("every client sees what is up", converged, 20_000);
		return world.now - healedAt;
	});
	count("convergence", summary);
	const times = [...summary.values].sort((one, other) => one - other);
	tell(
		`  after ${Math.round(quantile(times, 0.5))} ms at the median, ${Math.round(quantile(times, 1))} ms at most`,
	);
});
