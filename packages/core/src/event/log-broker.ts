import type { Logger } from "../logger/logger.ts";
import type { Broker } from "./broker.ts";
import type { GroupState } from "./group-state.ts";
import type { Log } from "./log.ts";

/** How a broker over a log works. The processes of one group are given the same. */
export interface LogBrokerOptions {
	/** How long a process keeps its lanes after its last renewal, in milliseconds. Default: 5000. */
	readonly ttlMs?: number;
	/** How long a settled event waits at most to be saved together with others, in milliseconds. Default: 50. */
	readonly saveMs?: number;
	/** How many settled events of a lane are saved at once, without waiting. Default: 256. */
	readonly saveEvents?: number;
	/** How many events of a lane may be deferred before the lane stops; a held key counts as one. Default: 10,000. */
	readonly deferredBound?: number;
	/** Default: a logger that writes nothing. */
	readonly logger?: Logger;
}

/**
 * Delivers the events of a log to groups: in order per key, at least once, with retries, parking and delays. All
 * backends with a log and a state of groups share it. It closes the log and the state with itself.
 *
 * @throws RangeError for an option that is out of range.
 */
export function logBroker(log: Log, state: GroupState, options: LogBrokerOptions = {}): Broker {
	throw new Error(`not yet: ${[log, state, options].length}`);
}
