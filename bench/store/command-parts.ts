import { Context } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import { commands, contract, decider, event, method } from "allium";
import * as z from "zod";
import { callInLoops } from "../closed-loop.ts";
import type { Part, PartFacts } from "../events/part.ts";
import { nextData, nextRecord, toldContract } from "../events/told.ts";

const background = Context.background();
const data = z.object({ id: z.string(), size: z.int(), note: z.string() });

const Counter = contract("counter", { count: method({ input: data }), counted: event({ key: "id", data }) });

const counter = decider(Counter, {
	id: "id",
	initial: 0,
	decide: { count: (input) => Counter.counted(input) },
	evolve: { counted: (sum, { size }) => sum + size },
});

/** Commands of a decider, and the same use of the store without a decider. Both go to 1,000 streams in turn. */
export class CommandParts {
	readonly #store: EventStore;

	constructor(store: EventStore) {
		this.#store = store;
	}

	/** Loads a stream and appends one event at its version, `atOnce` of them at a time. */
	loadAndAppend(atOnce: number, facts: PartFacts): Part {
		const told = toldContract("loaded");
		const call = async (): Promise<unknown> => {
			const record = nextRecord(told);
			const stream = `loaded/${record.key}`;
			const { version: expected } = await this.#store.read(stream, {}, background);
			const events = [{ ...record, causationId: record.id }];
			return this.#store.append([{ stream, topic: "loaded", expected, events }], background);
		};
		return { ...facts, measure: (ms) => callInLoops(call, atOnce, ms) };
	}

	/** Carries out commands, `atOnce` of them at a time. */
	commands(atOnce: number, facts: PartFacts): Part {
		const { count } = commands(this.#store, counter);
		const call = async (): Promise<unknown> => count(nextData(), background);
		return { ...facts, measure: (ms) => callInLoops(call, atOnce, ms) };
	}
}
