import type { EventStore } from "@allium/core/store";
import {
	type App,
	allium,
	contract,
	event,
	memoryBroker,
	memoryRegistry,
	silentLogger,
	workflow,
} from "allium";
import * as z from "zod";
import { Meter } from "../closed-loop.ts";
import type { Part, PartFacts } from "../events/part.ts";

const Runs = contract("bench-runs", { begun: event({ key: "id", data: z.object({ id: z.string() }) }) });

/** How many steps a run has. */
const stepsOfRun = 20;

/** Runs of a workflow whose steps do nothing, so that only its journal is measured. */
export class WorkflowParts {
	readonly #app: App;
	readonly #ended = new Map<string, () => void>();
	#count = 0;

	private constructor(app: App) {
		this.#app = app;
	}

	static async start(eventStore: EventStore): Promise<WorkflowParts> {
		const [registry, broker] = [memoryRegistry(), memoryBroker()];
		const app = allium({
			name: "bench-runs",
			registry,
			broker,
			eventStore,
			logger: silentLogger,
			publishes: [Runs],
		});
		const parts = new WorkflowParts(app);
		app.orchestrate(
			workflow("bench-steps", Runs.begun, async ({ id }, run) => {
				for (let step = 1; step <= stepsOfRun; step++) await run.step(`step ${step}`, () => step);
				parts.#ended.get(id)?.();
			}),
		);
		await app.start();
		return parts;
	}

	/** Runs from begin to end, `atOnce` of them at a time. Counts their steps. */
	steps(atOnce: number, facts: PartFacts): Part {
		const measure = async (milliseconds: number) => {
			const meter = new Meter();
			const end = performance.now() + milliseconds;
			const loop = async (): Promise<void> => {
				let now = performance.now();
				do {
					await this.#run();
					const after = performance.now();
					meter.add(after - now, stepsOfRun);
					now = after;
				} while (now < end);
			};
			await Promise.all(Array.from({ length: atOnce }, loop));
			return meter.measured();
		};
		return { ...facts, measure };
	}

	async close(): Promise<void> {
		await this.#app.stop();
	}

	async #run(): Promise<void> {
		const id = `run-${process.pid}-${this.#count++}`;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#ended.set(id, resolve);
		await this.#app.publish(Runs.begun({ id }));
		await promise;
		this.#ended.delete(id);
	}
}
