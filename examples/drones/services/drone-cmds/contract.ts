import { contract, event, method } from "allium";
import * as z from "zod";

const drone_id = z.string().min(1);

const Telemetry = z.object({ drone_id, battery: z.int(), uptime: z.int().positive(), core_temp: z.int() });

const Alert = z.object({ drone_id, fault_code: z.int(), description: z.string().min(1) });

const Position = z.object({
	drone_id,
	latitude: z.number(),
	longitude: z.number(),
	altitude: z.number(),
	current_speed: z.number(),
	heading_cardinal: z.int().min(0),
});

/** In nanoseconds since 1970. That is more than JavaScript's safe integers, so that the last digits are rounded. */
const received = { received_on: z.number() };

export const TelemetryUpdated = Telemetry.extend(received);
export const AlertSignalled = Alert.extend(received);
export const PositionChanged = Position.extend(received);

export type TelemetryUpdated = z.infer<typeof TelemetryUpdated>;
export type AlertSignalled = z.infer<typeof AlertSignalled>;
export type PositionChanged = z.infer<typeof PositionChanged>;

/**
 * The reports of drones, in the shapes of Cloud Native Go. All events of a drone keep their order, across the three
 * kinds.
 */
export const Drones = contract(
	"drones",
	{
		report: method({
			summary: "A drone tells how it is.",
			input: Telemetry,
			output: TelemetryUpdated,
		}),
		alert: method({
			summary: "A drone tells of a fault.",
			input: Alert,
			output: AlertSignalled,
		}),
		move: method({
			summary: "A drone tells where it is.",
			input: Position,
			output: PositionChanged,
		}),
		telemetry_updated: event({
			summary: "A drone told how it is.",
			key: "drone_id",
			data: TelemetryUpdated,
		}),
		alert_signalled: event({
			summary: "A drone told of a fault.",
			key: "drone_id",
			data: AlertSignalled,
		}),
		position_changed: event({
			summary: "A drone told where it is.",
			key: "drone_id",
			data: PositionChanged,
		}),
	},
	{ version: "1.0.0", summary: "What drones report." },
);
