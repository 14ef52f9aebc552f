import { type Contract, contract, type EventSpec, event } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import { type Given, given } from "../suite/given.ts";

/** The data of an event: the key to which something happened. */
export interface Happened {
	readonly key: string;
}

/** A contract with one event, named after the topic of a run. */
export function happenedContract(topic: string): Contract<{ readonly happened: EventSpec<Given<Happened>> }> {
	return contract(topic, { happened: event({ key: "key", data: given<Happened>() }) });
}

const keys: readonly string[] = Array.from({ length: 20 }, (_, index) => `k${index}`);

/**
 * The events that are published in one call: the next one of each key. Only the topic and the round determine their
 * ids.
 */
export function happenedEvents(topic: string, round: number): EventRecord[] {
	return keys.map((key) => ({
		id: `${topic}-${key}-${round}`,
		type: `${topic}.happened`,
		version: 1,
		source: "crash",
		key,
		time: new Date().toISOString(),
		data: { key },
		correlationId: `${topic}-${key}-${round}`,
	}));
}
