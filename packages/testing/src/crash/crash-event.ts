import type { Logger } from "@allium/core";
import type { Broker, EventRecord, GroupSpec } from "@allium/core/event";

/** The first event of this key can never be handled. */
export const poisonKey = "poison";

const keys: readonly string[] = [...Array.from({ length: 20 }, (_, index) => `k${index}`), poisonKey];

/** The events that are published in one call: the next one of each key. */
export function crashEvents(round: number): EventRecord[] {
	return keys.map((key) => ({
		id: `${key}-${round}`,
		type: "crash.happened",
		version: 1,
		source: "crash",
		key,
		time: new Date().toISOString(),
		data: { round },
		correlationId: `${key}-${round}`,
	}));
}

/** The key of an event, by its id. */
export function keyOf(id: string): string {
	return id.slice(0, id.lastIndexOf("-"));
}

/** The number of an event among those of its key, by its id. */
export function numberOf(id: string): number {
	return Number(id.slice(id.lastIndexOf("-") + 1));
}

/** The group that the workers consume with. */
export function crashGroup(topic: string, park: GroupSpec["park"]): GroupSpec {
	return {
		topic,
		group: "crash",
		from: "now",
		handles: { happened: 1 },
		concurrency: 16,
		bytes: 4 * 1024 * 1024,
		each: false,
		park,
	};
}

/** The exports of an adapter's module that tests of brokers use. */
export interface BrokerModule {
	broker(
		url: string,
		options: { readonly ttlMs?: number; readonly logger?: Logger },
	): Broker | Promise<Broker>;
}
