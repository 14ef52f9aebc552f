import { ServiceError } from "../errors/service-error.ts";
import type { Instance } from "./instance.ts";
import { type InstanceRecord, instanceRecord } from "./instance-record.ts";

/**
 * Runs the operations of one lease one after another, so that an update that is late never follows the release. For
 * authors of registries.
 */
export class LeaseQueue {
	readonly #key: string;
	#last: Promise<void> = Promise.resolve();
	#released: Promise<void> | undefined;

	/** @param key the key of the instance that is registered; see `instanceRecord`. */
	constructor(key: string) {
		this.#key = key;
	}

	/**
	 * Runs an update after the operations before it.
	 *
	 * @throws ServiceError `failed_precondition` once the lease is released, or for another instance.
	 */
	async update(instance: Instance, run: (record: InstanceRecord) => Promise<void>): Promise<void> {
		const record = instanceRecord(instance);
		if (record.key !== this.#key) throw refusal("the lease is of another instance");
		if (this.#released !== undefined) throw refusal("the lease was released");
		const done = this.#last.then(() => run(record));
		this.#last = done.catch(() => {});
		await done;
	}

	/** Runs the release after the operations before it. A second call has no further effect. */
	release(run: () => Promise<void>): Promise<void> {
		this.#released ??= this.#last.then(run);
		return this.#released;
	}
}

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", message });
}
