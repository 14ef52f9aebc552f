import { givenSeed, type Scenario, type SimulateOptions, simulate } from "./simulate.ts";

/** How a scenario is run with many seeds. */
export interface SimulateSeedsOptions extends Omit<SimulateOptions, "seed"> {
	/** How many seeds. */
	readonly seeds: number;
	/** The first one; the others follow it. Default: 1. */
	readonly first?: number;
}

/** How many simulations went well. */
export interface SeedsSummary<Value> {
	/** How many seeds ran. */
	readonly seeds: number;
	/** How many events happened in all of them. */
	readonly events: number;
	/** How long all of them took, in virtual milliseconds. */
	readonly elapsedMs: number;
	/** What the scenario returned for each seed. */
	readonly values: readonly Value[];
}

/**
 * Runs a scenario once for each of many seeds, one after the other; with `ALLIUM_SEED` in the environment, for
 * that one only.
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
