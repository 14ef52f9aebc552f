import type { Broker } from "./broker.ts";
import { type LogBrokerOptions, logBroker } from "./log-broker.ts";
import { memoryGroupState } from "./memory-group-state.ts";
import { memoryLog } from "./memory-log.ts";

/**
 * A broker within one process, for tests and for applications of a single process. What was published, and how far
 * groups are, is lost when the process ends.
 */
export function memoryBroker(options: LogBrokerOptions = {}): Broker {
	return logBroker(memoryLog(), memoryGroupState(), options);
}
