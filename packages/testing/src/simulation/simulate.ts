import { checkDuration } from "@allium/core/transport";
import { SimulationError } from "./simulation-error.ts";
import { Simulator } from "./simulator.ts";
import { World, type WorldOptions } from "./world.ts";

/** The options of `simulate`. */
export interface SimulateOptions extends WorldOptions {
	/** The seed of all randomness. `ALLIUM_SEED` in the environment overrides it. Default: 1. */
	readonly seed?: number | string;
	/** When the simulation begins, by its wall clocks. Default: the first of January 2026, at midnight in UTC. */
	readonly startsAt?: Date;
	/** How much virtual time the scenario may take, in milliseconds. Default: one hour. */
	readonly limitMs?: number;
	/** How many events may happen. Default: ten million. */
	readonly maxEvents?: number;
}

/** The result of a simulation. */
export interface Simulation<Value> {
	readonly seed: string;
	/** The scenario's result. */
	readonly value: Value;
	/** The events, one a line: virtual milliseconds, node, event. The same seed gives the same log, byte for byte. */
	readonly log: string;
	/** How many events happened. */
	readonly events: number;
	/** How long it took, in virtual milliseconds. */
	readonly elapsedMs: number;
}

/** The steps and expectations of a simulation. It throws when an expectation fails. */
export type Scenario<Value> = (world: World) => Value | Promise<Value>;

let running = false;

/**
 * Runs a whole topology in this process: many nodes, virtual time, a misbehaving network, and randomness that follows
 * from the seed. The nodes run production code unchanged. That code must read time and randomness from the global
 * object whenever it needs them, and must do no real input or output.
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
	const startsAt = options.startsAt?.getTime() ?? Date.UTC(2026, 0, 1);
	if (Number.isNaN(startsAt)) throw new RangeError("startsAt of simulate() is no valid date");
	checkDuration("limitMs of simulate()", limitMs);
	const simulator = new Simulator(seed, { startsAt, limitMs, maxEvents });
	running = true;
	try {
		const value = await simulator.run(async () => {
			const world = new World(simulator, options);
			await world.registry.restart();
			await world.broker.restart();
			if (world.store !== world.broker) await world.store.restart();
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

/** The seed that the environment asks to repeat. */
export function givenSeed(): string | undefined {
	return process.env.ALLIUM_SEED || undefined;
}
