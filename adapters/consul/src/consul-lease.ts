import type { Context, Instance } from "@allium/core";
import { type InstanceRecord, type Lease, LeaseQueue } from "@allium/core/registry";
import type { CatalogMirror } from "./catalog-mirror.ts";
import type { ConsulServer } from "./consul-server.ts";
import { checkId, type ServiceDefinition, serviceDefinitions } from "./service-definition.ts";

/**
 * The registration of one instance: a service for each of its contracts, each with a check that turns critical when
 * it is not renewed within the time to live. A renewal changes nothing that others can see, so it wakes nobody.
 */
export class ConsulLease implements Lease {
	readonly ttlMs: number;
	/** Never aborts, because an update registers the instance again if the agent does not know it. */
	readonly lost: AbortSignal = new AbortController().signal;
	readonly #server: ConsulServer;
	readonly #mirror: CatalogMirror;
	readonly #changed: (instance: Instance) => Promise<void>;
	#record: InstanceRecord;
	/** True if, as far as this process knows, all its services have the record. */
	#isWritten = false;
	/** The services that the agent may know. */
	#registered: readonly ServiceDefinition[] = [];
	readonly #queue: LeaseQueue;

	/** @param changed called when others can see a change of the instance. */
	constructor(
		server: ConsulServer,
		mirror: CatalogMirror,
		record: InstanceRecord,
		ttlMs: number,
		changed: (instance: Instance) => Promise<void>,
	) {
		this.#server = server;
		this.#mirror = mirror;
		this.#changed = changed;
		this.#record = record;
		this.#queue = new LeaseQueue(record.key);
		this.ttlMs = ttlMs;
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
		return this.#queue.release(() => this.#leave());
	}

	async #register(record: InstanceRecord, ctx?: Context): Promise<void> {
		const before = this.#registered;
		const definitions = serviceDefinitions(record, this.ttlMs);
		this.#isWritten = false;
		this.#registered = [...definitions, ...before.filter(({ ID }) => !has(definitions, ID))];
		await Promise.all(
			definitions.map((definition) => this.#server.put("/v1/agent/service/register", definition, ctx)),
		);
		// If the agent knows the service, it leaves the check in its present state.
		await Promise.all(definitions.map((definition) => this.#beat(definition, ctx)));
		await this.#remove(before.filter(({ ID }) => !has(definitions, ID)));
		this.#registered = definitions;
		this.#record = record;
		this.#isWritten = true;
		await this.#mirror.shows(definitions, ctx);
		await this.#changed(record.instance);
	}

	async #leave(): Promise<void> {
		await this.#remove(this.#registered);
		await this.#changed(this.#record.instance);
	}

	/** False where the agent does not know all the services any more: it lost them, or was replaced. */
	async #renew(): Promise<boolean> {
		const renewed = await Promise.all(this.#registered.map((definition) => this.#beat(definition)));
		return !renewed.includes(false);
	}

	/** Without a note, because that would be a change that others see. */
	#beat({ ID, Check }: ServiceDefinition, ctx?: Context): Promise<boolean> {
		const state = Check.Status === "passing" ? "pass" : "warn";
		return this.#server.tryPut(`/v1/agent/check/${state}/${encodeURIComponent(checkId(ID))}`, ctx);
	}

	async #remove(definitions: readonly ServiceDefinition[]): Promise<void> {
		if (definitions.length === 0) return;
		await Promise.all(
			definitions.map(({ ID }) =>
				this.#server.tryPut(`/v1/agent/service/deregister/${encodeURIComponent(ID)}`),
			),
		);
		await this.#mirror.lacks(definitions);
	}
}

function has(definitions: readonly ServiceDefinition[], id: string): boolean {
	return definitions.some(({ ID }) => ID === id);
}
