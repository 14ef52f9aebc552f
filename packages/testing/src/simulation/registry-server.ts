import { Context, type Instance, memoryRegistry, type Registry } from "@allium/core";
import type { Lease } from "@allium/core/registry";

/** The registry itself: core's memory registry. Every request may arrive twice, or late. */
export class RegistryServer {
	readonly #registry: Registry;
	readonly #leases = new Map<string, Lease>();

	/** @param known The instances registered before a restart, as if read from a disk. Each gets a full time to live. */
	constructor(ttlMs: number, known: readonly Instance[]) {
		this.#registry = memoryRegistry({ ttlMs });
		for (const instance of known) void this.put(instance);
	}

	async put(instance: Instance): Promise<void> {
		const lease = this.#leases.get(instance.id);
		if (lease !== undefined) await lease.update(instance);
		else this.#leases.set(instance.id, await this.#registry.register(instance, Context.background()));
	}

	async release(id: string): Promise<void> {
		const lease = this.#leases.get(id);
		this.#leases.delete(id);
		await lease?.release();
	}

	list(): Promise<Instance[]> {
		return this.#registry.list();
	}
}
