import type { Publish, Service } from "allium";
import { Drones } from "./contract.ts";

/** The command handler: a command is answered once its event is durable. */
export function drones(publish: Publish): Service<typeof Drones> {
	return {
		async report(telemetry, ctx) {
			const data = received(telemetry);
			await publish(Drones.telemetry_updated(data), ctx);
			return data;
		},

		async alert(alert, ctx) {
			const data = received(alert);
			await publish(Drones.alert_signalled(data), ctx);
			return data;
		},

		async move(position, ctx) {
			const data = received(position);
			await publish(Drones.position_changed(data), ctx);
			return data;
		},
	};
}

function received<T extends object>(command: T): T & { received_on: number } {
	return { ...command, received_on: Date.now() * 1_000_000 };
}
