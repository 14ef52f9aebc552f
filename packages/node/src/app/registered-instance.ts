import type { Context, Health, Instance, Logger, Registry } from "@allium/core";
import { keepRegistered, type Registration } from "@allium/core/registry";
import type { Part } from "./part.ts";

/** The registration of an instance. Its status follows from its health. */
export type InstanceFacts = Omit<Instance, "status">;

/** The options of a registered instance. */
export interface RegisteredInstanceOptions {
	readonly registry: Registry;
	readonly health: Health;
	readonly logger: Logger;
	/** Returns the registration, once the process listens. */
	readonly describe: () => InstanceFacts;
}

/** Keeps a process registered while it runs, and keeps the registry informed of its health. */
export class RegisteredInstance implements Part {
	readonly name: string = "the registration";
	readonly #options: RegisteredInstanceOptions;
	#registration: Registration | undefined;

	constructor(options: RegisteredInstanceOptions) {
		this.#options = options;
	}

	/** The registered instance, once there is one. */
	get instance(): Instance | undefined {
		return this.#registration?.instance;
	}

	async start(ctx: Context): Promise<void> {
		const { registry, health, logger, describe } = this.#options;
		await health.start();
		const instance = { ...describe(), status: this.#status };
		this.#registration = await keepRegistered(registry, instance, { logger, ctx });
		// The health may have changed in the meantime.
		this.tellStatus();
	}

	async drain(): Promise<void> {
		this.#options.health.stop();
		await this.#registration?.release();
	}

	/** Tells the registry the health of the instance, unless the registry knows it already. */
	tellStatus(): void {
		const registration = this.#registration;
		const status = this.#status;
		if (registration === undefined || registration.instance.status === status) return;
		// A change that the registry does not take now goes along with the next heartbeat, which logs the fault.
		registration.update({ status }).catch(() => {});
	}

	get #status(): "up" | "unhealthy" {
		return this.#options.health.isHealthy ? "up" : "unhealthy";
	}
}
