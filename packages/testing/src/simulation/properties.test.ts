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
import { afterAll, expect, test } from "vitest";
import { Ends, Ledger, Runs, startServers, trouble } from "./fixtures/ledger.ts";
import {
	logNormal,
	type NetworkOptions,
	type SeedsSummary,
	type SimulatedNode,
	simulateSeeds,
	uniform,
	type World,
} from "./index.ts";

/** A network on which everything happens now and then. */
const rough: NetworkOptions = {
	resets: 0.002,
	stalls: { probability: 0.005, duration: uniform(0, 1_000) },
	datagrams: { loss: 0.05, doubling: 0.05, delay: uniform(0, 100) },
};

const ran: string[] = [];

function count(what: string, { seeds, events, elapsedMs }: SeedsSummary<unknown>): void {
	ran.push(`${what}: ${seeds} seeds, ${events} events, ${Math.round(elapsedMs / 1000)} s of virtual time`);
}

afterAll(() => console.info(ran.join("\n")));

/** Calls of every kind from a caller, spread over so many milliseconds; resolves when all of them are over. */
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

test("no call settles twice or never, and a write runs at most once", { timeout: 100_000 }, async () => {
	const summary = await simulateSeeds({ seeds: 1_000, limitMs: 120_000 }, async (world) => {
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
	ran.push(`  ${served} of ${summary.seeds * 80} calls were served`);
	expect(served).toBeGreaterThan(summary.seeds * 20);
});

test("retries never exceed their budget", { timeout: 60_000 }, async () => {
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
			if ((ctx.get(triedInstances)?.length ?? 0) > 1) retries.push(performance.now());
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
	ran.push(
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
		const heal = cutOffRegistry(world, [...servers, caller]);
		phase = "during";
		await world.sleep(world.random.between(1_000, 30_000));
		heal();
		phase = "after";
		await world.sleep(10_000);
		phase = "over";
		await calling;
		expect(failures.filter((failure) => failure.startsWith("during"))).toEqual([]);
		expect(seen.during.size).toBe(3);
		expect(seen.after.size).toBe(3);
		return failures.length;
	});
	count("registry cut off", summary);
	const failing = summary.values.filter((failures) => failures > 0).length;
	ran.push(`  in ${failing} of ${summary.seeds} a call failed after the registry was back`);
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

test("after healing, every client's view is what is up", { timeout: 60_000 }, async () => {
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
	ran.push(`  after ${Math.round(at(times, 0.5))} ms at the median, ${Math.round(at(times, 1))} ms at most`);
});

/** The value below which such a share of the sorted values lies. */
function at(sorted: readonly number[], share: number): number {
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

test("with one of three instances 50 times as slow, p99 stays within three times", {
	timeout: 60_000,
}, async () => {
	const summary = await simulateSeeds({ seeds: 12 }, async (world) => {
		const work = logNormal({ medianMs: 2, p99Ms: 10 });
		const servers = await startServers(world, 3, new Runs(), { workMs: () => work(Math.random), cores: 4 });
		const caller = await world.start("caller");
		const ledger = await caller.run(() => caller.client(Ledger));
		const measure = (seconds: number): Promise<number[]> =>
			caller.run(async () => {
				const took: number[] = [];
				const call = async (): Promise<void> => {
					const begin = performance.now();
					await ledger.read({ id: "x" });
					took.push(performance.now() - begin);
				};
				const calls: Promise<void>[] = [];
				const end = performance.now() + seconds * 1_000;
				while (performance.now() < end) {
					calls.push(call());
					await new Promise((resolve) => setTimeout(resolve, -Math.log(1 - Math.random()) * 5));
				}
				await Promise.all(calls);
				return took.sort((one, other) => one - other);
			});
		await measure(2);
		const healthy = await measure(10);
		servers[0]?.slow(50);
		const onset = await measure(1);
		const ill = await measure(10);
		return { healthy: at(healthy, 0.99), onset: at(onset, 0.99), ill: at(ill, 0.99), median: at(ill, 0.5) };
	});
	count("one slow instance", summary);
	for (const { healthy, onset, ill, median } of summary.values) {
		ran.push(
			`  p99 ${healthy.toFixed(1)} ms healthy, ${onset.toFixed(1)} in the first second, then ${ill.toFixed(1)} (p50 ${median.toFixed(1)})`,
		);
		expect(ill).toBeLessThan(3 * healthy);
	}
});
