/** How many services without instances are remembered for good. */
const most = 100;

/** How long the others are remembered, in milliseconds. */
const goneForMs = 3_600_000;

/**
 * The services without instances. They are remembered, so that calls to them get 503 instead of 404: the first hundred
 * of them for good, the others for an hour. An outage of the registry can make all services look gone at once.
 */
export class GoneServices {
	/** Since when each has no instance, the longest gone first. */
	readonly #since = new Map<string, number>();

	/** Takes note of a service that has no instance. */
	add(service: string): void {
		if (!this.#since.has(service)) this.#since.set(service, performance.now());
	}

	/** Called when the service has an instance. */
	remove(service: string): void {
		this.#since.delete(service);
	}

	/** Removes the services that need not be remembered any longer. Returns their names. */
	takeForgotten(): string[] {
		const before = performance.now() - goneForMs;
		const forgotten: string[] = [];
		for (const [service, since] of this.#since) {
			if (this.#since.size <= most || since > before) break;
			this.#since.delete(service);
			forgotten.push(service);
		}
		return forgotten;
	}
}
