import { type Instance, isServiceError, type Logger, ServiceError, toServiceError } from "@allium/core";

/** The advice if a guard keeps the gateway out. */
const remedy =
	"give the gateway credentials that the guard accepts, by ALLIUM_CREDENTIALS or its option credentials; or let the guard leave out the operations routes";

/**
 * The instances of a service that were asked for a description and gave none. The reason is logged once for each
 * instance, and again only when it changes.
 */
export class SilentInstances {
	readonly #service: string;
	readonly #logger: Logger;
	/** The reason, by the id of the instance. */
	readonly #reasons = new Map<string, ServiceError>();

	constructor(service: string, logger: Logger) {
		this.#service = service;
		this.#logger = logger;
	}

	/** Takes note of an instance that did not describe itself. */
	add({ id }: Instance, error: unknown): void {
		const reason = isServiceError(error) ? error : unexpected(error);
		const before = this.#reasons.get(id);
		this.#reasons.set(id, reason);
		if (before?.message === reason.message) return;
		this.#logger.log("warn", "an instance does not describe itself", {
			service: this.#service,
			instance: id,
			why: reason.message,
			...(isRefusal(reason) && { remedy }),
		});
	}

	/** Forgets the instances that are gone. */
	keep(instances: readonly Instance[]): void {
		if (this.#reasons.size === 0) return;
		const ids = new Set(instances.map(({ id }) => id));
		for (const id of this.#reasons.keys()) if (!ids.has(id)) this.#reasons.delete(id);
	}

	/** Forgets all instances, as one of them described the service. */
	clear(): void {
		this.#reasons.clear();
	}

	/**
	 * Returns the error that tells callers why the service cannot be called. The addresses of instances stay in the log.
	 *
	 * @param instances how many instances are up.
	 */
	problem(instances: number): ServiceError {
		return new ServiceError({
			code: "unavailable",
			message: `the service "${this.#service}" ${this.#why(instances)}`,
		});
	}

	#why(instances: number): string {
		if (instances === 0) return "has no instance that is up";
		const reasons = [...this.#reasons.values()];
		if (reasons.length === 0) return "is up, but has not described itself to the gateway yet";
		if (reasons.some(isRefusal)) {
			return "is up, but its guard does not let the gateway ask what it serves; the gateway needs credentials";
		}
		return "is up, but does not describe itself to the gateway; the log of the gateway says why";
	}
}

function isRefusal({ code }: ServiceError): boolean {
	return code === "permission_denied";
}

function unexpected(error: unknown): ServiceError {
	const { message } = error instanceof Error ? error : toServiceError(error);
	return new ServiceError({ code: "unavailable", message, cause: error });
}
