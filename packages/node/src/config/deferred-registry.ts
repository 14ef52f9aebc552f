import type { Context, Instance, Registry } from "@allium/core";
import type { Lease, RegistryEvent, RegistryFilter } from "@allium/core/registry";
import type { Opening } from "./opening.ts";

/** A registry that is opened when it is first needed, so that clients can be made before. */
export class DeferredRegistry implements Registry {
	readonly #opening: Opening<Registry>;

	constructor(opening: Opening<Registry>) {
		this.#opening = opening;
	}

	/** Known once it is open. */
	get location(): string | undefined {
		return this.#opening.port?.location;
	}

	/** Known once it is open. */
	get spansHosts(): boolean | undefined {
		return this.#opening.port?.spansHosts;
	}

	/** Known once it is open, where the registry has a clock. */
	get clock(): Registry["clock"] {
		const { port } = this.#opening;
		return port?.clock?.bind(port);
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		return (await this.#opening.opened()).register(instance, ctx);
	}

	async list(filter?: RegistryFilter, ctx?: Context): Promise<Instance[]> {
		return (await this.#opening.opened()).list(filter, ctx);
	}

	async *watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		yield* (await this.#opening.opened()).watch(filter, ctx);
	}

	close(): Promise<void> {
		return this.#opening.close();
	}
}
