import type { InstanceRecord } from "@allium/core/registry";

/** A key of a server, and its value. */
export interface InstanceEntry {
	readonly key: string;
	/** Undefined if it holds no record. */
	readonly record: InstanceRecord | undefined;
	/** Grows with each change of any key. */
	readonly revision: number;
}

interface Known {
	readonly record: InstanceRecord;
	readonly revision: number;
}

/**
 * The known keys of instances. An instance has several, one for each of its contracts. It is up while it has one, and
 * the key that changed last has its latest record.
 */
export class InstanceKeys {
	/** The instances, by the keys of the server. */
	readonly #instanceOf = new Map<string, string>();
	/** The keys of the server, by instance. */
	readonly #keysOf = new Map<string, Map<string, Known>>();

	/** The latest record of each instance. */
	*records(): Iterable<InstanceRecord> {
		for (const keys of this.#keysOf.values()) {
			const record = latest(keys);
			if (record !== undefined) yield record;
		}
	}

	/**
	 * Applies the write of a key, unless a later state of it is known. Returns the instance that it belongs to, or
	 * belonged to.
	 */
	put({ key, record, revision }: InstanceEntry): string | undefined {
		const before = this.#instanceOf.get(key);
		if (revision < this.#revisionOf(key)) return before;
		if (record === undefined || (before !== undefined && before !== record.key)) this.delete(key, revision);
		if (record === undefined) return before;
		this.#instanceOf.set(key, record.key);
		const keys = this.#keysOf.get(record.key) ?? new Map<string, Known>();
		this.#keysOf.set(record.key, keys.set(key, { record, revision }));
		return record.key;
	}

	/** Applies the removal of a key, unless a later state of it is known. Returns the instance that it belonged to. */
	delete(key: string, revision: number): string | undefined {
		const instance = this.#instanceOf.get(key);
		if (instance === undefined || revision < this.#revisionOf(key)) return undefined;
		this.#instanceOf.delete(key);
		const keys = this.#keysOf.get(instance);
		keys?.delete(key);
		if (keys?.size === 0) this.#keysOf.delete(instance);
		return instance;
	}

	#revisionOf(key: string): number {
		const instance = this.#instanceOf.get(key);
		return instance === undefined ? 0 : (this.#keysOf.get(instance)?.get(key)?.revision ?? 0);
	}

	/** The latest record of an instance. Undefined when it has no key any more. */
	recordOf(instance: string): InstanceRecord | undefined {
		const keys = this.#keysOf.get(instance);
		return keys === undefined ? undefined : latest(keys);
	}
}

function latest(keys: ReadonlyMap<string, Known>): InstanceRecord | undefined {
	let found: Known | undefined;
	for (const known of keys.values())
		if (found === undefined || known.revision > found.revision) found = known;
	return found?.record;
}
