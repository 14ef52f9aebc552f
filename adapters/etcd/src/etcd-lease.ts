import { fields } from "@allium/backend";
import { type Context, type Instance, isServiceError, ServiceError } from "@allium/core";
import { type InstanceRecord, type Lease, LeaseQueue } from "@allium/core/registry";
import type { EtcdServer } from "./etcd-server.ts";
import { farewell, type KeyState, keyState } from "./key-state.ts";
import { base64, keysOf } from "./keys.ts";

/**
 * The registration of one instance: a lease of etcd, and a key for each contract that vanishes with it. A renewal
 * touches the lease alone, so no watcher hears of it.
 */
export class EtcdLease implements Lease {
	/** Never aborts, because an update registers again when etcd has forgotten the lease. */
	readonly lost: AbortSignal = new AbortController().signal;
	readonly #server: EtcdServer;
	readonly #wrote: (keys: readonly KeyState[]) => void;
	readonly #askedSeconds: number;
	#record: InstanceRecord;
	/** Whether all keys have the record, as far as is known. */
	#isWritten = false;
	/** The id of the lease; undefined before the first one, and after it ran out. */
	#id: string | undefined;
	#seconds: number;
	/** The keys that etcd may have. */
	#keys: readonly string[] = [];
	readonly #queue: LeaseQueue;

	/** @param wrote called with keys that were written. */
	constructor(
		server: EtcdServer,
		record: InstanceRecord,
		seconds: number,
		wrote: (keys: readonly KeyState[]) => void,
	) {
		this.#server = server;
		this.#wrote = wrote;
		this.#record = record;
		this.#queue = new LeaseQueue(record.key);
		this.#askedSeconds = seconds;
		this.#seconds = seconds;
	}

	/** The time to live that etcd granted, in milliseconds. It is at least 2 s with etcd's defaults. */
	get ttlMs(): number {
		return this.#seconds * 1_000;
	}

	begin(ctx: Context): Promise<void> {
		return this.#queue.update(this.#record.instance, (record) => this.#put(record, ctx));
	}

	update(instance: Instance): Promise<void> {
		return this.#queue.update(instance, async (record) => {
			const isSame = this.#isWritten && record.text === this.#record.text;
			if (!isSame || !(await this.#renew())) await this.#put(record);
		});
	}

	release(): Promise<void> {
		return this.#queue.release(() => this.#leave());
	}

	/** False where the lease has run out: etcd then answers without a time to live. */
	async #renew(): Promise<boolean> {
		if (this.#id === undefined) return false;
		const answer = await this.#server.call("/v3/lease/keepalive", { ID: this.#id });
		if (Number(fields(answer.result).TTL ?? 0) > 0) return true;
		this.#id = undefined;
		return false;
	}

	/** Writes the keys, with another lease where the one there was has run out. */
	async #put(record: InstanceRecord, ctx?: Context): Promise<void> {
		try {
			await this.#write(record, this.#id ?? (await this.#grant(ctx)), ctx);
		} catch (error) {
			if (!isServiceError(error) || error.code !== "not_found") throw error;
			await this.#write(record, await this.#grant(ctx), ctx);
		}
	}

	async #write(record: InstanceRecord, lease: string, ctx: Context | undefined): Promise<void> {
		const keys = keysOf(record.instance);
		const dropped = this.#keys.filter((key) => !keys.includes(key));
		this.#keys = [...keys, ...dropped];
		this.#isWritten = false;
		await this.#putAll(keys, record.text, lease, ctx);
		await this.#putAll(dropped, farewell, lease, ctx);
		await Promise.all(dropped.map((key) => this.#server.call("/v3/kv/deleterange", { key }, ctx)));
		this.#keys = keys;
		this.#record = record;
		this.#isWritten = true;
	}

	async #putAll(keys: readonly string[], text: string, lease: string, ctx?: Context): Promise<void> {
		const value = base64(text);
		const written = keys.map(async (key) => {
			const answer = await this.#server.call("/v3/kv/put", { key, value, lease }, ctx);
			return keyState({ key, value, mod_revision: fields(answer.header).revision });
		});
		this.#wrote((await Promise.all(written)).filter((state) => state !== undefined));
	}

	async #grant(ctx: Context | undefined): Promise<string> {
		const { ID, TTL } = await this.#server.call("/v3/lease/grant", { TTL: String(this.#askedSeconds) }, ctx);
		if (typeof ID !== "string" || !(Number(TTL) > 0)) {
			throw new ServiceError({ code: "unavailable", message: "etcd granted no lease" });
		}
		this.#id = ID;
		this.#seconds = Number(TTL);
		return ID;
	}

	async #leave(): Promise<void> {
		const lease = this.#id;
		if (lease === undefined) return;
		try {
			await this.#putAll(this.#keys, farewell, lease);
			await this.#server.call("/v3/lease/revoke", { ID: lease });
		} catch (error) {
			// The lease ran out before.
			if (!isServiceError(error) || error.code !== "not_found") throw error;
		}
	}
}
