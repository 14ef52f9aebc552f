import { contract, method } from "allium";
import * as z from "zod";
import { AlertSignalled, PositionChanged, TelemetryUpdated } from "../drone-cmds/contract.ts";

const last = {
	input: z.object({ droneId: z.string().min(1) }),
	errors: { none_yet: { code: "not_found", message: "this drone has reported none yet" } },
	effect: "read",
} as const;

/** The last reports of each drone. */
export const DroneQuery = contract(
	"drone-query",
	{
		lastTelemetry: method({ summary: "How a drone is.", ...last, output: TelemetryUpdated }),
		lastAlert: method({ summary: "The last fault of a drone.", ...last, output: AlertSignalled }),
		lastPosition: method({ summary: "Where a drone is.", ...last, output: PositionChanged }),
	},
	{ version: "1.0.0", summary: "What each drone reported last." },
);
