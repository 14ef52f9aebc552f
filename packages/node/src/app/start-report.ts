import type { Logger } from "@allium/core";
import { appReady } from "./app-events.ts";
import type { BackendConnection } from "./backend-connection.ts";
import type { Listeners } from "./listeners.ts";
import type { Part } from "./part.ts";

/** The backends that a process may use. */
interface ReportedBackends {
	readonly registry: BackendConnection<"registry">;
	readonly broker?: BackendConnection<"broker">;
	readonly eventStore?: BackendConnection<"eventStore">;
}

/** The last part of a process. It reports in the log, and to tools that run the process, that the process is up. */
export function startReport(
	name: string,
	logger: Logger,
	listeners: Listeners,
	{ registry, broker, eventStore }: ReportedBackends,
): Part {
	return {
		name: "the report",
		start() {
			const { addresses } = listeners;
			appReady.publish({ name, addresses });
			logger.log("info", `${name} is ready`, {
				url: addresses.find((address) => /^https?:/.test(address)),
				registry: registry.location,
				...(broker?.isNeeded === true && { broker: broker.location }),
				...(eventStore?.isNeeded === true && { events: eventStore.location }),
			});
		},
	};
}
