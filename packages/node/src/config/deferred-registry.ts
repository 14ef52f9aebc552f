import { type Context, type Instance, type Registry, ServiceError } from "@allium/core";
import type { Lease, RegistryEvent, RegistryFilter } from "@allium/core/registry";

/**
 * A registry that is opened when it is first needed, so that clients can be made before. An opening that failed
 * is tried again by the next operation.
 */
export class DeferredRegistry implements Registry {
	readonly #open: () => Promise<Registry>;
	#registry: Promise<Registry> | undefined;
	#location: string | undefined;
	#closed = false;

	constructor(open: () => Promise<Registry>) {
		this.#open = open;
	}

	/** Known once it is open. */
	get location(): string | undefined {
		return this.#location;
	}

	/** Opens it now; rejects when it was closed. */
	opened(): Promise<Registry> {
		if (this.#closed) return Promise.reject(closed());
		this.#registry ??= this.#openNow();
		return this.#registry;
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		return (await this.opened()).register(instance, ctx);
	}

	async list(filter?: RegistryFilter, ctx?: Context): Promise<Instance[]> {
		return (await this.opened()).list(filter, ctx);
	}

	async *watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		yield* (await this.opened()).watch(filter, ctx);
	}

	async close(): Promise<void> {
		this.#closed = true;
		const registry = await this.#registry?.catch(() => undefined);
		await registry?.close();
	}

	async #openNow(): Promise<Registry> {
		try {
			const registry = await this.#open();
			this.#location = registry.location;
			return registry;
		} catch (error) {
			this.#registry = undefined;
			throw error;
		}
	}
}

function closed(): ServiceError {
	return new ServiceError({ code: "failed_precondition", message: "the registry is closed" });
}
