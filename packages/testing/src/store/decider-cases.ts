import { contract, event, method } from "@allium/core";
import { decider, handle } from "@allium/events";
import { expect } from "vitest";
import { given } from "../suite/given.ts";
import type { EventStoreCase } from "./store-case.ts";
import { background, readStream } from "./store-lab.ts";

interface Change {
	readonly safe: string;
	readonly amount: number;
}

const Safe = contract("suite-safe", {
	add: method({ input: given<Change>() }),
	added: event({ key: "safe", data: given<Change>() }),
});

/** A decider with a mistake: it throws an error that its method does not declare. */
const safes = decider(Safe, {
	id: "safe",
	initial: { held: 0 },
	decide: {
		add(input) {
			if (input.amount < 0) throw new RangeError("less than nothing");
			return Safe.added(input);
		},
	},
	evolve: { added: ({ held }, { amount }) => ({ held: held + amount }) },
});

/** Commands of a decider on the store. */
export const deciderCases: readonly EventStoreCase[] = [
	{
		title: "a decider that throws what it does not declare changes nothing, and takes the next command",
		async run(lab) {
			// Given a stream with an event,
			const store = await lab.open();
			await handle(store, safes, "add", { safe: "s1", amount: 2 }, background);

			// when a command makes the decider throw,
			const failing = handle(store, safes, "add", { safe: "s1", amount: -1 }, background);

			// then it is refused, nothing is appended, and a command behind it sees the state before it.
			await expect(failing).rejects.toThrow();
			expect(await readStream(store, "suite-safe/s1")).toHaveLength(1);
			const { state } = await handle(store, safes, "add", { safe: "s1", amount: 3 }, background);
			expect(state).toEqual({ held: 5 });
		},
	},
];
