import { type Context, delivery, type Handlers } from "allium";
import type { DroneEvents, LastEvents } from "../../last-events.ts";
import type { Drones } from "../drone-cmds/contract.ts";

/** The event processor: keeps the last event of each kind for each drone. */
export function droneHandlers(lastEvents: LastEvents): Handlers<typeof Drones> {
	const keep = <K extends keyof DroneEvents>(kind: K, event: DroneEvents[K], ctx: Context) =>
		lastEvents.keep(kind, event, delivery(ctx).position, ctx);
	return {
		telemetry_updated: (telemetry, ctx) => keep("telemetry", telemetry, ctx),
		alert_signalled: (alert, ctx) => keep("alert", alert, ctx),
		position_changed: (position, ctx) => keep("position", position, ctx),
	};
}
