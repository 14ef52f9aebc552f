import type { Context } from "allium";
import type { AlertSignalled, PositionChanged, TelemetryUpdated } from "./services/drone-cmds/contract.ts";

/** The events of a drone, by their kind. */
export interface DroneEvents {
	readonly telemetry: TelemetryUpdated;
	readonly alert: AlertSignalled;
	readonly position: PositionChanged;
}

/** The last events of each drone, which the event processor writes, and the query handler reads. */
export interface LastEvents {
	/**
	 * Keeps an event as the last one of its kind, unless this one or a later one of the drone was kept before. So an
	 * event that is delivered twice, or late to a process that was paused, changes nothing.
	 *
	 * @param place its place in the order of the drone's events: the greater text is the later.
	 */
	keep<K extends keyof DroneEvents>(
		kind: K,
		event: DroneEvents[K],
		place: string,
		ctx: Context,
	): Promise<void>;
	/** The last event of a kind. Undefined if there was none. */
	last<K extends keyof DroneEvents>(kind: K, droneId: string): DroneEvents[K] | undefined;
	/** How many events of a drone were kept, of all kinds. */
	count(droneId: string): number;
}
