import { givenSeed, type Scenario, type SimulateOptions, simulate } from "./simulate.ts";

/** The options of `simulateSeeds`. */
export interface SimulateSeedsOptions extends Omit<SimulateOptions, "seed"> {
	/** The number of seeds. */
	readonly seeds: number;
	/** The first seed. The others follow it. Default: 1. */
	readonly first?: number;
}

/** The results of the simulations that succeeded. */
export interface SeedsSummary<Value> {
	/** How many seeds ran. */
	readonly seeds: number;
	/** How many events happened in all simulations together. */
	readonly events: number;
	/** How long all simulations took together, in virtual milliseconds. */
	readonly elapsedMs: number;
	/** The scenario's results, one for each seed. */
	readonly values: readonly Value[];
}

/**
 * Runs a scenario once for each of many seeds, one after the other. With `ALLIUM_SEED` in the environment, it runs
 * only that seed.
 *
 * @throws SimulationError of the first seed that fails.
 */
export async function simulateSeeds<Value>(
	options: SimulateSeedsOptions,
	scenario: Scenario<Value>,
): Promise<SeedsSummary<Value>> {
	const { seeds, first = 1, ...rest } = options;
	const values: Value[] = [];
	let events = 0;
	let elapsedMs = 0;
	const count = givenSeed() === undefined ? seeds : 1;
	for (let seed = first; seed < first + count; seed++) {
		const simulation = await simulate({ ...rest, seed }, scenario);
		values.push(simulation.value);
		events += simulation.events;
		elapsedMs += simulation.elapsedMs;
	}
	return { seeds: count, events, elapsedMs, values };
}
