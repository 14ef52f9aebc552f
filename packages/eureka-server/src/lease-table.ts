import { type Logger, ServiceError } from "@allium/core";
import { ChangeLog } from "./change-log.ts";
import { type Action, type EurekaInstance, shownStatus } from "./eureka-instance.ts";
import { LeaseExpiry } from "./lease-expiry.ts";
import { applications, type Format, hashCode, LeasedInstance, leaseKey } from "./leased-instance.ts";

/** The options of a `LeaseTable`. */
export interface LeaseTableOptions {
	/** The largest size of one instance, in bytes of its JSON. */
	readonly maxInstanceBytes: number;
	/** The most memory that all instances may take, in bytes. */
	readonly maxBytes: number;
	readonly selfPreservation: boolean;
	readonly logger: Logger;
}

/** The instances that are registered, and their leases. */
export class LeaseTable {
	readonly #options: LeaseTableOptions;
	readonly #expiry: LeaseExpiry;
	readonly #leases = new Map<string, LeasedInstance>();
	/**
	 * When each lease was last renewed, in milliseconds since 1970. The times are shown to clients, and compared with
	 * nothing.
	 */
	readonly #renewedAt = new Map<string, number>();
	readonly #log: ChangeLog;
	/** A restarted server continues with greater numbers, so that no number stands for two changes. */
	#version = Date.now();
	#bytes = 0;
	/** The list of all instances, until the next change. All slow readers share the same bytes. */
	readonly #lists = new Map<Format, Uint8Array>();
	#hash: string | undefined;

	constructor(options: LeaseTableOptions) {
		this.#options = options;
		this.#log = new ChangeLog(options.maxBytes / 4, this.#version);
		this.#expiry = new LeaseExpiry({ ...options, expired: (key) => this.#remove(key) });
	}

	/**
	 * Registers an instance, or updates it. The status that an operator has set stays.
	 *
	 * @throws ServiceError `resource_exhausted` if there is no room for it.
	 */
	register(instance: EurekaInstance): void {
		const before = this.get(instance.app, instance.id);
		this.#put({ ...instance, override: before?.instance.override ?? instance.override }, before);
	}

	/**
	 * Renews a lease. Returns false if there is none, or if the instance says that it has changed since it registered:
	 * then it has to register again.
	 */
	renew(app: string, id: string, changedAt: number | undefined): boolean {
		const leased = this.get(app, id);
		if (leased === undefined) return false;
		this.#renew(leased);
		return changedAt === undefined || changedAt <= leased.instance.lastDirtyTimestamp;
	}

	/** Changes a registered instance, and renews its lease. Returns false if it is not registered. */
	change(app: string, id: string, change: (instance: EurekaInstance) => EurekaInstance): boolean {
		const before = this.get(app, id);
		if (before === undefined) return false;
		this.#put(change(before.instance), before);
		return true;
	}

	/** Returns false if the instance is not registered. */
	cancel(app: string, id: string): boolean {
		return this.#remove(leaseKey(app, id));
	}

	get(app: string, id: string): LeasedInstance | undefined {
		return this.#leases.get(leaseKey(app, id));
	}

	/** The answer for one instance. Undefined if it is not registered. */
	document(format: Format, app: string, id: string): string | undefined {
		const leased = this.get(app, id);
		return leased?.document(format, this.#renewedAt.get(leased.key) ?? leased.times.renewedAt);
	}

	/** The instances that fulfil a condition. */
	filter(isMeant: (instance: EurekaInstance) => boolean): LeasedInstance[] {
		return [...this.#leases.values()].filter(({ instance }) => isMeant(instance));
	}

	/** The list of some instances, with the number of the last change. */
	list(format: Format, leased: readonly LeasedInstance[]): string {
		return applications(format, leased, { version: this.#version, hash: hashCode(leased) });
	}

	/** The list of all instances. */
	all(format: Format): Uint8Array {
		const known = this.#lists.get(format);
		if (known !== undefined) return known;
		const facts = { version: this.#version, hash: this.#hashOfAll };
		const list = Buffer.from(applications(format, this.#leases.values(), facts));
		this.#lists.set(format, list);
		return list;
	}

	/**
	 * The list of the changes of the last three minutes, with the hash of all instances.
	 *
	 * @param since only the changes after this one.
	 * @returns undefined if they are no longer known.
	 */
	delta(format: Format, since: number | undefined): string | undefined {
		const changes = since === undefined ? this.#log.all() : this.#log.since(since);
		// A greater number comes from another server.
		if (changes === undefined || (since ?? 0) > this.#version) return undefined;
		return applications(format, changes, { version: this.#version, hash: this.#hashOfAll });
	}

	/** Ends the timers. */
	close(): void {
		this.#expiry.close();
	}

	get #hashOfAll(): string {
		this.#hash ??= hashCode(this.#leases.values());
		return this.#hash;
	}

	#put(instance: EurekaInstance, before: LeasedInstance | undefined): void {
		const now = Date.now();
		const upAt = before === undefined || before.times.upAt === 0 ? 0 : before.times.upAt;
		const times = {
			registeredAt: before?.times.registeredAt ?? now,
			renewedAt: now,
			updatedAt: now,
			upAt: upAt === 0 && shownStatus(instance) === "UP" ? now : upAt,
		};
		const action: Action = before === undefined ? "ADDED" : "MODIFIED";
		const leased = new LeasedInstance(instance, times, action, this.#version + 1);
		this.#makeRoom(leased, before);
		this.#leases.set(leased.key, leased);
		this.#bytes += leased.bytes - (before?.bytes ?? 0);
		this.#renew(leased);
		this.#changed(leased);
	}

	#renew({ key, instance }: LeasedInstance): void {
		this.#renewedAt.set(key, Date.now());
		this.#expiry.renewed(key, instance.durationSecs * 1_000);
	}

	#remove(key: string): boolean {
		const leased = this.#leases.get(key);
		if (leased === undefined) return false;
		this.#leases.delete(key);
		this.#renewedAt.delete(key);
		this.#expiry.forget(key);
		this.#bytes -= leased.bytes;
		const { instance, times } = leased;
		this.#changed(
			new LeasedInstance(instance, { ...times, updatedAt: Date.now() }, "DELETED", this.#version + 1),
		);
		return true;
	}

	#changed(leased: LeasedInstance): void {
		this.#version = leased.version;
		this.#log.add(leased);
		this.#lists.clear();
		this.#hash = undefined;
	}

	/**
	 * Leases that ran out and are kept only because the network may be at fault give way to an instance that is alive.
	 */
	#makeRoom(leased: LeasedInstance, before: LeasedInstance | undefined): void {
		const { maxInstanceBytes, maxBytes } = this.#options;
		const { length } = leased.json;
		if (length > maxInstanceBytes) {
			throw noRoom(
				"instance_too_large",
				`an instance takes at most ${maxInstanceBytes} bytes, and this one ${length}`,
			);
		}
		const more = leased.bytes - (before?.bytes ?? 0);
		// It does not give way to itself.
		if (before !== undefined) this.#renew(before);
		while (more > 0 && this.#bytes + more > maxBytes) {
			if (this.#expiry.endOne()) continue;
			throw noRoom(
				"registry_full",
				`there is no room for further instances: they take ${maxBytes} bytes already`,
			);
		}
	}
}

function noRoom(reason: string, message: string): ServiceError {
	return new ServiceError({ code: "resource_exhausted", reason, message });
}
