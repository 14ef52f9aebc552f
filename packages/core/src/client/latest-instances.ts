import type { Instance } from "../registry/instance.ts";

/**
 * The instance that started last at each address. The others that had the address are gone, whatever the source says:
 * a process that was restarted there has taken their place.
 */
export class LatestInstances {
	readonly #byAddress = new Map<string, Instance>();

	/** Adds an instance, unless one that started later has its address. Returns the one that it replaces. */
	add(instance: Instance): Instance | undefined {
		const address = addressesOf(instance);
		const before = this.#byAddress.get(address);
		if (before !== undefined && before.startedAt > instance.startedAt) return undefined;
		this.#byAddress.set(address, instance);
		return before;
	}

	/** Forgets an instance that is gone; the one that replaced it stays. */
	delete(instance: Instance): void {
		if (!this.isReplaced(instance)) this.#byAddress.delete(addressesOf(instance));
	}

	/** Whether another instance has the address now. */
	isReplaced(instance: Instance): boolean {
		const latest = this.#byAddress.get(addressesOf(instance));
		return latest !== undefined && latest.id !== instance.id;
	}
}

/** All addresses of an instance, as one text. */
export function addressesOf({ addresses }: Instance): string {
	return addresses.join(" ");
}
