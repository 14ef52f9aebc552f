import type { Context, Instance } from "@allium/core";
import { type InstanceRecord, type Lease, LeaseQueue } from "@allium/core/registry";
import { type ChangePlace, readPlace } from "./change-place.ts";
import type { RedisServer } from "./redis-server.ts";
import type { RegistryKeys } from "./registry-keys.ts";
import { putScript, releaseScript, renewScript } from "./scripts.ts";

/** How long a release keeps late writes of the same lease away, in milliseconds. */
const markedMs = 60_000;

/** The parts that the leases of one registry share. */
export interface RedisLeaseOptions {
	readonly server: RedisServer;
	readonly keys: RegistryKeys;
	readonly ttlMs: number;
	/** Called when others can see a change, with its place. */
	readonly changed: (place: ChangePlace) => Promise<void>;
}

/**
 * The registration of one instance: its record, and the time at which its lease runs out. A renewal moves that time, and
 * no watcher hears of it.
 */
export class RedisLease implements Lease {
	readonly ttlMs: number;
	/** Never aborts, because an update registers again what Redis does not know. */
	readonly lost: AbortSignal = new AbortController().signal;
	readonly #options: RedisLeaseOptions;
	readonly #queue: LeaseQueue;
	/** Distinguishes this lease from others of the same instance. */
	readonly #mark: string;
	#record: InstanceRecord;
	/** Whether Redis has the record, as far as is known. */
	#isWritten = false;

	constructor(record: InstanceRecord, options: RedisLeaseOptions) {
		this.ttlMs = options.ttlMs;
		this.#options = options;
		this.#record = record;
		this.#queue = new LeaseQueue(record.key);
		this.#mark = options.keys.released(crypto.randomUUID());
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
		return this.#queue.release(async () => {
			const { server, keys, changed } = this.#options;
			const given = [this.#record.key, markedMs];
			await changed(readPlace(await server.run(releaseScript, [...keys.all, this.#mark], given)));
		});
	}

	/** False where Redis does not know the instance: the lease ran out, or the data was lost. */
	async #renew(): Promise<boolean> {
		const { server, keys } = this.#options;
		return (await server.run(renewScript, keys.all, [this.#record.key, this.ttlMs])) === 1;
	}

	async #put(record: InstanceRecord, ctx?: Context): Promise<void> {
		const { server, keys, changed } = this.#options;
		this.#isWritten = false;
		const given = [record.key, record.text, this.ttlMs];
		const place = readPlace(await server.run(putScript, [...keys.all, this.#mark], given, ctx));
		this.#record = record;
		this.#isWritten = true;
		await changed(place);
	}
}
