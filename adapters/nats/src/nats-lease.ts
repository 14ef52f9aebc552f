import type { Context, Instance } from "@allium/core";
import { type InstanceRecord, type Lease, LeaseQueue } from "@allium/core/registry";
import { recordVersion } from "./heartbeat.ts";
import type { OperationOptions } from "./nats-connection.ts";
import { recordKeys } from "./registry-keys.ts";
import { type RegistryStorage, recordAgeMs } from "./registry-storage.ts";

/** The bounds of the time that the server has for one step of an update, in milliseconds. */
const shortestStepMs = 2_000;
const longestStepMs = 5_000;
/** The record is looked for after so many times to live, because somebody may have deleted it. */
const ttlsBetweenChecks = 3;

/** The record on the server, as this process wrote it. */
interface Written {
	readonly record: InstanceRecord;
	readonly madeCount: number;
	readonly at: number;
}

/** The registration of one instance in a bucket. */
export class NatsLease implements Lease {
	readonly ttlMs: number;
	/** Never aborts, because an update registers the instance again even when its record is gone. */
	readonly lost: AbortSignal = new AbortController().signal;
	readonly #storage: RegistryStorage;
	readonly #queue: LeaseQueue;
	/** Throws when the registry is closed. */
	readonly #checkOpen: () => void;
	#written: Written | undefined;
	#checkedAt = 0;
	#checkedLosses = 0;

	constructor(storage: RegistryStorage, key: string, ttlMs: number, checkOpen: () => void) {
		this.#storage = storage;
		this.#queue = new LeaseQueue(key);
		this.ttlMs = ttlMs;
		this.#checkOpen = checkOpen;
	}

	/** Registers the instance. */
	begin(instance: Instance, ctx: Context): Promise<void> {
		return this.#queue.update(instance, (record) => this.#send(record, ctx));
	}

	update(instance: Instance): Promise<void> {
		return this.#queue.update(instance, (record) => this.#send(record));
	}

	release(): Promise<void> {
		return this.#queue.release(() => this.#release());
	}

	get #withinMs(): number {
		return Math.min(Math.max(this.ttlMs, shortestStepMs), longestStepMs);
	}

	async #send(record: InstanceRecord, ctx?: Context): Promise<void> {
		this.#checkOpen();
		if (ctx?.error !== undefined) throw ctx.error;
		const options = { withinMs: this.#withinMs, ctx };
		if (this.#needsWriting(record)) await this.#write(record, options);
		const heartbeat = { ttlMs: this.ttlMs, version: recordVersion(record.text) };
		await this.#storage.beat(record.instance, heartbeat, options);
		// Watchers know now that the instance is alive, so there is time to look for the record.
		if (await this.#isRecordGone(record, options)) await this.#write(record, options);
	}

	/** Whether the record has changed, or will go by its age. */
	#needsWriting(record: InstanceRecord): boolean {
		const written = this.#written;
		return written?.record.text !== record.text || performance.now() - written.at > recordAgeMs / 3;
	}

	/** Whether somebody has taken the record away: looks where that is likely, and from time to time. */
	async #isRecordGone(record: InstanceRecord, options: OperationOptions): Promise<boolean> {
		if (this.#written?.madeCount !== this.#storage.madeCount) return true;
		const { lossCount } = this.#storage.connection;
		const isFresh = performance.now() - this.#checkedAt < ttlsBetweenChecks * this.ttlMs;
		if (isFresh && lossCount === this.#checkedLosses) return false;
		const keys = recordKeys(record.instance);
		const stored = await Promise.all(keys.map((key) => this.#storage.get(key, options)));
		this.#checked(lossCount);
		return stored.some((one) => one?.record.text !== record.text);
	}

	async #write(record: InstanceRecord, options: OperationOptions): Promise<void> {
		const { lossCount } = this.#storage.connection;
		await this.#storage.put(record, options);
		const before = this.#written?.record;
		this.#written = { record, madeCount: this.#storage.madeCount, at: performance.now() };
		this.#checked(lossCount);
		// A watcher of all services then knows already that the instance goes on.
		const keys = recordKeys(record.instance);
		const dropped =
			before === undefined ? [] : recordKeys(before.instance).filter((key) => !keys.includes(key));
		if (dropped.length > 0) await this.#storage.remove(dropped, options);
	}

	#checked(lossCount: number): void {
		this.#checkedAt = performance.now();
		this.#checkedLosses = lossCount;
	}

	async #release(): Promise<void> {
		const written = this.#written;
		if (written === undefined) return;
		await this.#storage.remove(recordKeys(written.record.instance), { withinMs: this.#withinMs });
	}
}
