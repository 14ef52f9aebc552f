import { describe, expect } from "vitest";
import { quantile, report } from "./fixtures/report.ts";
import { convergence, cutOff, replacement, rough, settling } from "./fixtures/scenarios.ts";
import { testSeeds } from "./fixtures/test-seeds.ts";
import { type NetworkOptions, type Scenario, uniform, type World } from "./index.ts";

const { count, tell } = report();

/** The messages of the registry come twice, late, or never, and overtake one another. */
const datagrams: NetworkOptions = { datagrams: { loss: 0.05, doubling: 0.2, delay: uniform(0, 150) } };

/** Runs a scenario in which the registry shows all its faults once the servers are up. */
function withFaults<Value>(
	scenario: (world: World, network: NetworkOptions) => Promise<Value>,
	{ kills = 3 } = {},
): Scenario<Value> {
	return (world) => {
		void misbehave(world, kills);
		return scenario(world, { ...rough, ...datagrams });
	};
}

async function misbehave(world: World, mostKills: number): Promise<void> {
	const { random, registry } = world;
	await world.sleep(400);
	world.network.configure(datagrams);
	world.configureRegistry({
		...(random.chance(0.5) && { lateExpiry: uniform(0, 3_000) }),
		...(random.chance(0.5) && { snapshotAgeMs: random.between(0, 5_000) }),
		...(random.chance(0.5) && { staleReads: { probability: 0.3, ageMs: random.between(0, 3_000) } }),
	});
	// It is killed and restarted a few times.
	for (let kills = random.below(mostKills + 1); kills > 0; kills--) {
		await world.sleep(random.between(100, 2_500));
		registry.crash({ silent: random.chance(0.5) });
		await world.sleep(random.between(0, 1_000));
		await registry.restart();
	}
}

describe("while the registry expires late, repeats itself, forgets, and reads from a stale replica", () => {
	describe("no call settles twice or never, and a write runs at most once", () => {
		testSeeds({ seeds: 200, limitMs: 120_000 }, withFaults(settling), {
			expects: ({ seeds, values }) =>
				expect(values.reduce((total, served) => total + served, 0)).toBeGreaterThan(seeds * 20),
			tells: (whole) => count("settling", whole),
		});
	});

	describe("calls go on while the registry is cut off, and come back to all instances after", () => {
		testSeeds({ seeds: 800 }, withFaults(cutOff), { tells: (whole) => count("registry cut off", whole) });
	});

	// The registry is not killed, because a server that cannot register ends at once, without draining.
	describe("instances that are replaced one by one, in order, lose no call", () => {
		testSeeds({ seeds: 600 }, withFaults(replacement, { kills: 0 }), {
			tells: (whole) => count("replacement", whole),
		});
	});

	describe("after healing, every client sees the instances that are up", () => {
		testSeeds({ seeds: 400 }, withFaults(convergence), {
			tells: (whole) => {
				count("convergence", whole);
				const times = [...whole.values].sort((one, other) => one - other);
				const [median, most] = [quantile(times, 0.5), quantile(times, 1)].map(Math.round);
				tell(`  after ${median} ms at the median, ${most} ms at most`);
			},
		});
	});
});
