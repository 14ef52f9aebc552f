import type { Service } from "allium";
import type { LastEvents } from "../../last-events.ts";
import { DroneQuery } from "./contract.ts";

/** The query handler: reads what the event processors keep. */
export function droneQuery(lastEvents: LastEvents): Service<typeof DroneQuery> {
	return {
		async lastTelemetry({ droneId }) {
			return lastEvents.last("telemetry", droneId) ?? none(DroneQuery.lastTelemetry.error.none_yet());
		},
		async lastAlert({ droneId }) {
			return lastEvents.last("alert", droneId) ?? none(DroneQuery.lastAlert.error.none_yet());
		},
		async lastPosition({ droneId }) {
			return lastEvents.last("position", droneId) ?? none(DroneQuery.lastPosition.error.none_yet());
		},
	};
}

function none(error: Error): never {
	throw error;
}
