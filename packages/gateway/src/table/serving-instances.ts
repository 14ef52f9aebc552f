import type { Instance } from "@allium/core";
import type { RegistryEvent } from "@allium/core/registry";

/** The instances of the registry that serve contracts, by the services that they serve. Foreign ones do not. */
export class ServingInstances {
	readonly #instances = new Map<string, Instance>();
	readonly #byService = new Map<string, Map<string, Instance>>();

	/** The instances that serve a service. */
	of(service: string): Instance[] {
		return [...(this.#byService.get(service)?.values() ?? [])];
	}

	/** Applies an event of the registry. Returns the names of the services whose instances may have changed. */
	apply(event: RegistryEvent): string[] {
		const before =
			event.type === "snapshot" ? [...this.#instances.values()] : [this.#instances.get(event.instance.id)];
		const told = (event.type === "snapshot" ? event.instances : [event.instance]).filter(isCallable);
		const removed = before.filter((instance) => instance !== undefined);
		for (const instance of removed) this.#remove(instance);
		if (event.type !== "down") for (const instance of told) this.#put(instance);
		return [...removed, ...told].flatMap(({ services }) => services.map(({ name }) => name));
	}

	#put(instance: Instance): void {
		this.#instances.set(instance.id, instance);
		for (const { name } of instance.services) {
			const others = this.#byService.get(name);
			if (others === undefined) this.#byService.set(name, new Map([[instance.id, instance]]));
			else others.set(instance.id, instance);
		}
	}

	#remove(instance: Instance): void {
		this.#instances.delete(instance.id);
		for (const { name } of instance.services) {
			const others = this.#byService.get(name);
			others?.delete(instance.id);
			if (others?.size === 0) this.#byService.delete(name);
		}
	}
}

function isCallable({ foreign }: Instance): boolean {
	return foreign !== true;
}
