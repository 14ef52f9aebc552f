import type { Fields } from "@allium/backend";
import type { InstanceRecord } from "@allium/core/registry";
import type { Applications } from "./applications.ts";
import { type ListedInstance, listedInstance } from "./listed-instance.ts";

/** The longest that is waited for somebody else's lease, in milliseconds. */
const mostMs = 300_000;

/** The instances in Eureka, as far as they are known. */
export class KnownInstances {
	readonly #namespace: string;
	#listed = new Map<string, ListedInstance>();

	/** @param namespace that of foreign instances, which have none of their own. */
	constructor(namespace: string) {
		this.#namespace = namespace;
	}

	/**
	 * How long it may take until each instance has registered again at a server that forgot all, in milliseconds: the
	 * longest lease, up to five minutes. Instances renew several times in a lease, and a stranger may claim any.
	 */
	get longestMs(): number {
		let longest = 0;
		for (const { durationMs } of this.#listed.values()) longest = Math.max(longest, durationMs);
		return Math.min(longest, mostMs);
	}

	/** How many instances have which status, in the form of Eureka. */
	get hash(): string {
		const counts = new Map<string, number>();
		for (const { status } of this.#listed.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
		return [...counts]
			.sort()
			.map(([status, count]) => `${status}_${count}_`)
			.join("");
	}

	/** Takes in the list of all. */
	replace({ instances }: Applications): void {
		const before = this.#listed;
		this.#listed = new Map();
		for (const given of instances) this.#put(given, before);
	}

	/** Takes in a list of changes, some of which may be known already. */
	apply({ instances }: Applications): void {
		for (const given of instances) {
			if (given.actionType === "DELETED") this.#listed.delete(keyOf(given));
			else this.#put(given, this.#listed);
		}
	}

	/** The records of the usable instances. If an instance is listed twice, the later record counts. */
	records(): InstanceRecord[] {
		const records = new Map<string, InstanceRecord>();
		for (const { record } of this.#listed.values()) if (record !== undefined) records.set(record.key, record);
		return [...records.values()];
	}

	#put(given: Fields, before: ReadonlyMap<string, ListedInstance>): void {
		const key = keyOf(given);
		this.#listed.set(key, listedInstance(given, this.#namespace, before.get(key)));
	}
}

function keyOf({ app, instanceId, hostName }: Fields): string {
	return JSON.stringify([app, instanceId ?? hostName]);
}
