import { join } from "node:path";
import { type Context, type Instance, type Registry, ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import {
	defaultTtlMs,
	type InstanceRecord,
	InstanceView,
	instanceRecord,
	type Lease,
	matches,
	parseInstanceRecord,
	type RegistryClock,
	type RegistryEvent,
	type RegistryFilter,
} from "@allium/core/registry";
import { checkDuration } from "@allium/core/transport";
import { dataFolder } from "./data-folder.ts";
import { DatabaseFile, defaultBusyLimitMs } from "./database-file.ts";
import { RegistryPoll } from "./registry-poll.ts";
import { type RegistryTables, registrySchema } from "./registry-tables.ts";

/** The options of a SQLite registry. */
export interface SqliteRegistryOptions {
	/** How long a registration lasts without an update, in milliseconds. Default: 5000. */
	readonly ttlMs?: number;
	/**
	 * The folder from which relative paths and the search for the default folder begin. Default: the current folder.
	 */
	readonly cwd?: string;
	/** How long an operation is retried while others hold the file, in milliseconds. Default: 5000. */
	readonly busyLimitMs?: number;
}

/**
 * The registry of one machine: the file `registry.db` in the folder that the URL names (see `dataFolder`). All
 * processes that use the same folder share it. The first registration makes the folder and the file; reading alone
 * makes neither.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form. The operations of the registry reject with
 * `failed_precondition` when the folder or file cannot be used, and with `unavailable` when other processes held the
 * file for too long.
 */
export function registry(url: string, options: SqliteRegistryOptions = {}): Registry {
	const ttlMs = options.ttlMs ?? defaultTtlMs;
	if (!(ttlMs > 0 && Number.isInteger(ttlMs))) {
		throw new ServiceError({
			code: "invalid_argument",
			message: `ttlMs must be a whole number, not ${ttlMs}`,
		});
	}
	const busyLimitMs = checkDuration("busyLimitMs", options.busyLimitMs ?? defaultBusyLimitMs);
	const folder = dataFolder(url, options.cwd);
	const path = join(folder, "registry.db");
	const file = new DatabaseFile(path, registrySchema, busyLimitMs);
	return new SqliteRegistry(`sqlite://${folder}`, file, ttlMs);
}

class SqliteRegistry implements Registry {
	readonly location: string;
	readonly #file: DatabaseFile<RegistryTables>;
	readonly #ttlMs: number;
	readonly #view: InstanceView;
	readonly #poll: RegistryPoll;

	constructor(location: string, file: DatabaseFile<RegistryTables>, ttlMs: number) {
		this.location = location;
		this.#file = file;
		this.#ttlMs = ttlMs;
		this.#view = new InstanceView({ start: () => this.#poll.start(), stop: () => this.#poll.stop() });
		this.#poll = new RegistryPoll(file, this.#view, ttlMs);
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		const lease = new SqliteLease(this.#file, instanceRecord(instance), this.#ttlMs, this.#view);
		await lease.begin(ctx);
		return lease;
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		const rows = await this.#file.read((tables) => tables.rows(), ctx);
		return (rows ?? [])
			.filter(({ isAlive }) => isAlive)
			.map(({ text }) => parseInstanceRecord(text)?.instance)
			.filter((instance) => instance !== undefined)
			.filter((instance) => matches(filter, instance));
	}

	/** The clock of this machine, which all processes share that use the file. */
	async clock(): Promise<RegistryClock> {
		return { now: Date.now(), resolutionMs: 1 };
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#view.watch(filter, ctx);
	}

	async close(): Promise<void> {
		this.#view.close();
		await this.#file.close();
	}
}

class SqliteLease implements Lease {
	readonly ttlMs: number;
	/** Never aborts, because an update registers the instance again even when its row is gone. */
	readonly lost: AbortSignal = new AbortController().signal;
	readonly #file: DatabaseFile<RegistryTables>;
	/** It is told at once about changes of this process, so that a watch sees the changes of its own process first. */
	readonly #view: InstanceView;
	#record: InstanceRecord;
	#released = false;

	constructor(file: DatabaseFile<RegistryTables>, record: InstanceRecord, ttlMs: number, view: InstanceView) {
		this.#file = file;
		this.#record = record;
		this.ttlMs = ttlMs;
		this.#view = view;
	}

	begin(ctx: Context): Promise<void> {
		return this.#put(this.#record, ctx);
	}

	async update(instance: Instance): Promise<void> {
		const record = instanceRecord(instance);
		if (record.key !== this.#record.key) throw refusal("the lease is of another instance");
		await this.#put(record);
	}

	async release(): Promise<void> {
		this.#released = true;
		await this.#file.writeExisting((tables) => tables.delete(this.#record));
		this.#view.delete(this.#record.key, true);
	}

	async #put(record: InstanceRecord, ctx?: Context): Promise<void> {
		await this.#file.write((tables) => {
			// This is checked within the transaction, because the lease may have been released while this waited for
			// the file.
			if (this.#released) throw refusal("the lease was released");
			tables.put(record, this.ttlMs);
		}, ctx);
		this.#record = record;
		if (this.#view.ready) this.#view.put(record);
	}
}
