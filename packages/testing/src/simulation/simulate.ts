import { checkDuration } from "@allium/core/transport";
import { SimulationError } from "./simulation-error.ts";
import { Simulator } from "./simulator.ts";
import { World, type WorldOptions } from "./world.ts";

/** How a simulation is run. */
export interface SimulateOptions extends WorldOptions {
	/** What all randomness follows from. `ALLIUM_SEED` in the environment overrides it. Default: 1. */
	readonly seed?: number | string;
	/** How much virtual time the scenario may take, in milliseconds. Default: one hour. */
	readonly limitMs?: number;
	/** How many events may happen. Default: ten million. */
	readonly maxEvents?: number;
}

/** How a simulation went. */
export interface Simulation<Value> {
	readonly seed: string;
	/** What the scenario returned. */
	readonly value: Value;
	/** What happened, a line each: virtual milliseconds, node, event. The same for the same seed, to the byte. */
	readonly log: string;
	/** How many events happened. */
	readonly events: number;
	/** How long it took, in virtual milliseconds. */
	readonly elapsedMs: number;
}

/** What a scenario does, and expects: it throws when something is not as it should be. */
export type Scenario<Value> = (world: World) => Value | Promise<Value>;

let running = false;

/**
 * Runs a whole topology in this process: many nodes, virtual time, a network that misbehaves, randomness that
 * follows from the seed. The code of the nodes is that of production, unchanged; it has to take time and
 * randomness from the global object when it needs them, and to do no real input or output.
 *
 * @throws SimulationError when the scenario does, with the seed and the end of the log.
 *
 * @example
 * await simulate({ seed: 7 }, async (world) => {
 * 	await world.start("server", (node) => node.serve(Add, addService));
 * 	const caller = await world.start("caller");
 * 	const { v } = await caller.run(() => caller.client(Add).sum({ a: 1, b: 2 }));
 * 	expect(v).toBe(3);
 * });
 */
export async function simulate<Value>(
	options: SimulateOptions,
	scenario: Scenario<Value>,
): Promise<Simulation<Value>> {
	if (running) throw new Error("a simulation is running in this process; await it before the next");
	const seed = String(givenSeed() ?? options.seed ?? 1);
	const { limitMs = 3_600_000, maxEvents = 10_000_000 } = options;
	checkDuration("limitMs of simulate()", limitMs);
	const simulator = new Simulator(seed, { limitMs, maxEvents });
	running = true;
	try {
		const value = await simulator.run(async () => {
			const world = new World(simulator, options);
			await world.registry.restart();
			return await scenario(world);
		});
		const { log, events, now } = simulator;
		return {
			seed,
			value,
			get log() {
				return log.toString();
			},
			events,
			elapsedMs: now,
		};
	} catch (error) {
		throw new SimulationError(seed, error, simulator.log);
	} finally {
		running = false;
	}
}

/** The seed that somebody wants repeated. */
export function givenSeed(): string | undefined {
	return process.env.ALLIUM_SEED || undefined;
}
