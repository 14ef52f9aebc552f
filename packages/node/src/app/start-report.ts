import type { Health, Logger } from "@allium/core";
import { appReady } from "./app-events.ts";
import type { BackendConnection } from "./backend-connection.ts";
import type { Listeners } from "./listeners.ts";
import type { Part } from "./part.ts";

/** The process that is reported, and its backends. */
export interface ReportedProcess {
	readonly name: string;
	readonly logger: Logger;
	readonly listeners: Listeners;
	/** Without it, the process is ready once it is up. */
	readonly health?: Pick<Health, "isHealthy">;
	readonly registry: BackendConnection<"registry">;
	readonly broker?: BackendConnection<"broker">;
	readonly eventStore?: BackendConnection<"eventStore">;
}

/**
 * The last part of a process. It reports in the log, and to tools that run the process, that the process is up. The log
 * calls the process ready once `/readyz` does.
 */
export class StartReport implements Part {
	readonly name: string = "the report";
	readonly #process: ReportedProcess;
	/** Whether the process is up, and has not been called ready. */
	#isAwaited = false;

	constructor(process: ReportedProcess) {
		this.#process = process;
	}

	start(): void {
		const { name, logger, listeners, health } = this.#process;
		appReady.publish({ name, addresses: listeners.addresses });
		this.#isAwaited = true;
		if (health?.isHealthy === false) {
			logger.log("info", `${name} is up, and not ready before its health checks pass`, this.#facts());
		} else {
			this.tellHealth();
		}
	}

	drain(): void {
		this.#isAwaited = false;
	}

	/** Takes note that the health may have changed. */
	tellHealth(): void {
		const { name, logger, health } = this.#process;
		if (!this.#isAwaited || health?.isHealthy === false) return;
		this.#isAwaited = false;
		logger.log("info", `${name} is ready`, this.#facts());
	}

	#facts(): Readonly<Record<string, unknown>> {
		const { listeners, registry, broker, eventStore } = this.#process;
		return {
			url: listeners.addresses.find((address) => /^https?:/.test(address)),
			registry: registry.location,
			...(broker?.isNeeded === true && { broker: broker.location }),
			...(eventStore?.isNeeded === true && { events: eventStore.location }),
		};
	}
}
