import type { Broker } from "@allium/core/event";
import type { MemoryBrokerOptions } from "@allium/core/log-broker";
import { DeferredBroker } from "./deferred-broker.ts";
import { Opening } from "./opening.ts";

/**
 * A broker within one process, for tests and for applications of a single process. The published events and the
 * progress of groups are lost when the process ends. The code that delivers events is loaded when the broker is first
 * used.
 */
export function memoryBroker(options: MemoryBrokerOptions = {}): Broker {
	const open = async () => (await import("@allium/core/log-broker")).memoryBroker(options);
	return new DeferredBroker(new Opening("broker", open, (broker) => broker.close()));
}
