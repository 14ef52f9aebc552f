/** How many services are updated in one turn of the event loop, so that calls do not wait for thousands of them. */
const atOnce = 100;

/** The callbacks for services whose instances changed. */
export interface ChangedServicesOptions {
	readonly update: (service: string) => void;
	/** Called when every service that changed is up to date. */
	readonly done: () => void;
}

/** The services whose instances changed. Some of them are updated at once, the others in the next turns. */
export class ChangedServices {
	readonly #options: ChangedServicesOptions;
	readonly #names = new Set<string>();
	#next: NodeJS.Immediate | undefined;

	constructor(options: ChangedServicesOptions) {
		this.#options = options;
	}

	/** Adds services, and updates some. */
	add(services: Iterable<string>): void {
		for (const service of services) this.#names.add(service);
		if (this.#next === undefined) this.#updateSome();
	}

	/** Stops updating services. */
	close(): void {
		clearImmediate(this.#next);
	}

	#updateSome(): void {
		this.#next = undefined;
		let left = atOnce;
		for (const service of this.#names) {
			if (left-- === 0) {
				this.#next = setImmediate(() => this.#updateSome());
				return;
			}
			this.#names.delete(service);
			this.#options.update(service);
		}
		this.#options.done();
	}
}
