import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Ledger, Runs, startServers, trouble } from "./fixtures/ledger.ts";
import { type SimulateOptions, SimulationError, simulate, simulateSeeds, type World } from "./index.ts";

const stormy = {
	network: {
		resets: 0.01,
		stalls: { probability: 0.01, duration: (random: () => number) => random() * 500 },
		datagrams: { loss: 0.1, doubling: 0.1, delay: (random: () => number) => random() * 100 },
	},
};

/** A scenario that uses everything that a simulation offers. */
async function storm(world: World): Promise<string[]> {
	const servers = await startServers(world, 3, new Runs());
	const caller = await world.start("caller");
	const calls = caller.run(async () => {
		const ledger = caller.client(Ledger);
		const outcomes: string[] = [];
		for (let count = 0; count < 50; count++) {
			const id = crypto.randomUUID();
			outcomes.push(
				await ledger.read({ id }).then(
					({ by }) => `${id} ${by} ${new Date().toISOString()}`,
					(error) => String(error),
				),
			);
			await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
		}
		return outcomes;
	});
	await trouble(world, servers, [caller], 3_000);
	const outcomes = await calls;
	for (const outcome of outcomes) caller.log(outcome);
	return outcomes;
}

// These seeds are part of what is tested.
beforeEach(() => vi.stubEnv("ALLIUM_SEED", ""));
afterEach(() => vi.unstubAllEnvs());

describe("the same seed", () => {
	test("gives the same log, to the byte", async () => {
		for (let seed = 1; seed <= 10; seed++) {
			const first = await simulate({ ...stormy, seed }, storm);
			const second = await simulate({ ...stormy, seed }, storm);
			expect(first.events).toBeGreaterThan(300);
			expect(second.log).toBe(first.log);
		}
	});

	test("gives the same after other simulations ran", async () => {
		const { log } = await simulate({ ...stormy, seed: "a" }, storm);
		await simulateSeeds({ ...stormy, seeds: 3 }, storm);
		expect((await simulate({ ...stormy, seed: "a" }, storm)).log).toBe(log);
	});

	test("differs from another", async () => {
		const one = await simulate({ ...stormy, seed: 1 }, storm);
		const other = await simulate({ ...stormy, seed: 2 }, storm);
		expect(other.log).not.toBe(one.log);
	});
});

describe("the wall clocks", () => {
	const dateIn = (options: SimulateOptions): Promise<string> =>
		simulate(options, async (world) => {
			await world.sleep(1_500);
			return new Date().toISOString();
		}).then(({ value }) => value);

	test("begin with the year 2026, or when the options say", async () => {
		expect(await dateIn({})).toBe("2026-01-01T00:00:01.500Z");
		expect(await dateIn({ startsAt: new Date("2027-03-28T00:59:59Z") })).toBe("2027-03-28T01:00:00.500Z");
	});

	test("begin at no date that is none", async () => {
		await expect(dateIn({ startsAt: new Date("soon") })).rejects.toThrow(
			"startsAt of simulate() is no valid date",
		);
	});
});

describe("a scenario that fails", () => {
	const failing = async (world: World): Promise<void> => {
		world.log("something happens");
		await world.sleep(10);
		if (world.random.below(4) === 3) throw new RangeError("not as it should be");
	};

	test("says why, with which seed, and what happened last", async () => {
		const error = await simulateSeeds({ seeds: 100 }, failing).catch((reason: unknown) => reason);
		if (!(error instanceof SimulationError)) throw error;
		expect(error.message).toMatch(/^not as it should be\n\nThis was seed (\d+); ALLIUM_SEED=\1 repeats it/);
		expect(error.message).toContain("0.000 world: something happens");
		expect(error.cause).toBeInstanceOf(RangeError);
	});

	test("fails again with ALLIUM_SEED, and with no other seed", async () => {
		const error = await simulateSeeds({ seeds: 100 }, failing).catch((reason: unknown) => reason);
		if (!(error instanceof SimulationError)) throw error;
		vi.stubEnv("ALLIUM_SEED", error.seed);
		await expect(simulateSeeds({ seeds: 100, first: 1_000 }, failing)).rejects.toMatchObject({
			seed: error.seed,
			log: error.log,
		});
	});

	test("is one that waits for what never happens", async () => {
		const waits = simulate({}, () => new Promise(() => {}));
		await expect(waits).rejects.toThrow("some promise never settles");
	});

	test("is one that takes too long", async () => {
		const long = simulate({ limitMs: 1_000 }, (world) => world.sleep(2_000));
		await expect(long).rejects.toThrow("not over after 1000 ms of virtual time");
	});

	test("is one in which an event throws and nothing catches it", async () => {
		const thrown = simulate({}, async (world) => {
			setTimeout(() => {
				throw new Error("from a timer");
			}, 5);
			await world.sleep(10);
		});
		await expect(thrown).rejects.toThrow("from a timer");
	});
});

test("refuses to run beside another, whose globals it would replace", async () => {
	const first = simulate({}, (world) => world.sleep(10));
	await expect(simulate({}, () => {})).rejects.toThrow("a simulation is running in this process");
	await first;
});

describe("simulated nodes", () => {
	test("serve and call as in production", async () => {
		const { value } = await simulate({}, async (world) => {
			await startServers(world, 2, new Runs());
			const caller = await world.start("caller");
			return caller.run(async () => {
				const ledger = caller.client(Ledger);
				const replies = await Promise.all(
					Array.from({ length: 40 }, (_, id) => ledger.read({ id: `${id}` })),
				);
				return new Set(replies.map(({ by }) => by));
			});
		});
		expect(value).toEqual(new Set(["server-1", "server-2"]));
	});

	test("lose their timers when they crash, and start again", async () => {
		const { value } = await simulate({}, async (world) => {
			let ticks = 0;
			const node = await world.start("ticker", () => {
				setInterval(() => ticks++, 100);
			});
			await world.sleep(1_050);
			node.crash();
			await world.sleep(10_000);
			const atCrash = ticks;
			await node.restart();
			await world.sleep(550);
			return [atCrash, ticks];
		});
		expect(value).toEqual([10, 15]);
	});

	test("reject what they were running when they crash", async () => {
		const crash = simulate({}, async (world) => {
			const node = await world.start("sleeper");
			const sleeping = node.run(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
			await world.sleep(10);
			node.crash();
			await sleeping;
		});
		await expect(crash).rejects.toThrow("sleeper crashed");
	});

	test("do as much work at once as they have cores, and more slowly when slow", async () => {
		const { value } = await simulate({}, async (world) => {
			const node = await world.start("worker", undefined, { cores: 2 });
			const three = (): Promise<number> =>
				node.run(async () => {
					const begin = performance.now();
					await Promise.all([node.work(10), node.work(10), node.work(10)]);
					return performance.now() - begin;
				});
			const healthy = await three();
			node.slow(50);
			return [healthy, await three()];
		});
		expect(value).toEqual([20, 1_000]);
	});

	test("refuse to make clients outside of their code", async () => {
		const outside = simulate({}, async (world) => (await world.start("caller")).client(Ledger));
		await expect(outside).rejects.toThrow("within caller.run(…)");
	});
});
