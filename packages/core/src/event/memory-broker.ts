import type { Broker } from "./broker.ts";
import { type LogBrokerOptions, logBroker } from "./log-broker.ts";
import { memoryGroupState } from "./memory-group-state.ts";
import { type MemoryTopics, memoryLog } from "./memory-log.ts";

/** How a broker in memory works. */
export interface MemoryBrokerOptions extends LogBrokerOptions {
	/** The topics, shared with other brokers and with event stores that are given the same object. Default: new ones. */
	readonly topics?: MemoryTopics;
}

/**
 * A broker within one process, for tests and for applications of a single process. The published events and the
 * progress of groups are lost when the process ends.
 */
export function memoryBroker({ topics, ...options }: MemoryBrokerOptions = {}): Broker {
	const log = memoryLog(topics === undefined ? {} : { topics });
	return logBroker(log, memoryGroupState(), options);
}
