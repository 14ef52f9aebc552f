import type { Context, Instance } from "@allium/core";
import { type InstanceRecord, type Lease, LeaseQueue } from "@allium/core/registry";
import { type EurekaName, eurekaDefinition } from "./eureka-definition.ts";
import type { EurekaServers } from "./eureka-servers.ts";

/** The parts that the leases of one registry share. */
export interface EurekaLeaseOptions {
	readonly servers: EurekaServers;
	readonly ttlMs: number;
	/** Called when others can see a change. */
	readonly changed: () => Promise<void>;
}

/** The registration of one instance. A renewal is a request without a body, and no watcher hears of it. */
export class EurekaLease implements Lease {
	readonly ttlMs: number;
	/** Never aborts, because an update registers the instance again if the server does not know it. */
	readonly lost: AbortSignal = new AbortController().signal;
	readonly #options: EurekaLeaseOptions;
	readonly #queue: LeaseQueue;
	/** When the instance changed last. It grows although the clock may be set back. */
	#changedAt = 0;
	#record: InstanceRecord;
	/** The instance's name in Eureka. Undefined before it was registered. */
	#name: EurekaName | undefined;
	/** Whether Eureka has the record, as far as is known. */
	#isWritten = false;

	constructor(record: InstanceRecord, options: EurekaLeaseOptions) {
		this.ttlMs = options.ttlMs;
		this.#options = options;
		this.#record = record;
		this.#queue = new LeaseQueue(record.key);
	}

	begin(ctx: Context): Promise<void> {
		return this.#queue.update(this.#record.instance, (record) => this.#register(record, ctx));
	}

	update(instance: Instance): Promise<void> {
		return this.#queue.update(instance, async (record) => {
			const isSame = this.#isWritten && record.text === this.#record.text;
			if (!isSame || !(await this.#renew())) await this.#register(record);
		});
	}

	release(): Promise<void> {
		return this.#queue.release(async () => {
			await this.#cancel(this.#name);
			await this.#options.changed();
		});
	}

	/** False where the server does not know the instance: its lease ran out, or it is another server. */
	async #renew(): Promise<boolean> {
		const name = this.#name;
		return name !== undefined && (await this.#options.servers.renew(name.app, name.id));
	}

	async #register(record: InstanceRecord, ctx?: Context): Promise<void> {
		const before = this.#name;
		this.#changedAt = Math.max(this.#changedAt + 1, Date.now());
		const { app, id, body } = eurekaDefinition(record, this.ttlMs, this.#changedAt);
		this.#isWritten = false;
		this.#name = { app, id };
		await this.#options.servers.register(app, body, ctx);
		// An app that changed its name is another one for Eureka.
		if (before?.app !== app) await this.#cancel(before);
		this.#record = record;
		this.#isWritten = true;
		await this.#options.changed();
	}

	async #cancel(name: EurekaName | undefined): Promise<void> {
		if (name !== undefined) await this.#options.servers.cancel(name.app, name.id);
	}
}
