import type { Instance } from "@allium/core";
import { type Lease, LeaseQueue } from "@allium/core/registry";
import { checkLength } from "./announcement.ts";
import type { OwnInstances } from "./own-instances.ts";

/** The registration of one instance: it is announced, and kept alive by small packets. */
export class MdnsLease implements Lease {
	readonly ttlMs: number;
	/** Never aborts, because nobody but this process keeps the registration. */
	readonly lost: AbortSignal = new AbortController().signal;
	readonly #own: OwnInstances;
	readonly #queue: LeaseQueue;
	readonly #key: string;

	constructor(key: string, ttlMs: number, own: OwnInstances) {
		this.ttlMs = ttlMs;
		this.#key = key;
		this.#own = own;
		this.#queue = new LeaseQueue(key);
	}

	update(instance: Instance): Promise<void> {
		return this.#queue.update(instance, async (record) => {
			checkLength(record);
			if (!(await this.#own.renew(record, this.ttlMs))) await this.#own.announce(record, this.ttlMs);
		});
	}

	release(): Promise<void> {
		return this.#queue.release(() => this.#own.release(this.#key));
	}
}
