import { Context, type Instance, type Logger, type Registry, type ServiceError } from "@allium/core";
import { instanceKey, type RegistryEvent, type RegistryFilter, Renewals } from "@allium/core/registry";
import { followRegistry, type RegistryFollower } from "@allium/core/transport";
import { RegistryCopy } from "./registry-copy.ts";

/** The label of a copy. Its value is the name of the bridge. A bridge copies no copies, so bridges make no loops. */
export const bridgeLabel = "allium-bridge";

/** The options of a bridge. */
export interface RegistryBridgeOptions {
	readonly from: Registry;
	readonly to: Registry;
	/** The value of the label of copies. */
	readonly name: string;
	readonly filter: RegistryFilter;
	readonly logger: Logger;
	/**
	 * How long a missing instance stays once the first registry answers again, in milliseconds: after an outage all
	 * leases have run out, and instances come back one by one. Default: 15,000.
	 */
	readonly graceMs?: number;
}

/** Keeps the instances of one registry visible in another one, until it is stopped. */
export class RegistryBridge implements RegistryFollower {
	readonly #options: RegistryBridgeOptions;
	readonly #life = Context.background().withCancel();
	readonly #copies = new Map<string, RegistryCopy>();
	/** The instances that stay for a while although the registry no longer lists them. */
	readonly #missing: Renewals;
	#following: Promise<void> | undefined;
	/** Why the first registry does not answer. Undefined while it answers. */
	#failure: ServiceError | undefined;
	#isAfterFailure = false;
	/** The start time of instances for which the first registry has none. */
	readonly #startedAt = new Date().toISOString();

	constructor(options: RegistryBridgeOptions) {
		this.#options = options;
		this.#missing = new Renewals({
			ttlMs: options.graceMs ?? 15_000,
			expired: (key) => this.#remove(key),
		});
	}

	/** How many instances are copied, and how many of those the other registry does not have yet. */
	get counts(): { readonly copied: number; readonly waiting: number } {
		const copies = [...this.#copies.values()];
		return { copied: copies.length, waiting: copies.filter(({ isThere }) => !isThere).length };
	}

	/** Why the first registry does not answer. Undefined while it answers. */
	get failure(): ServiceError | undefined {
		return this.#failure;
	}

	start(): void {
		const { from, filter, logger } = this.#options;
		this.#following ??= followRegistry(from, filter, this, logger, this.#life.ctx);
	}

	/** Removes all copies. Resolves when the other registry has removed them, or does not answer. */
	async stop(): Promise<void> {
		this.#life.cancel();
		this.#missing.close();
		await this.#following;
		await Promise.all(Array.from(this.#copies.values(), (copy) => copy.set(undefined)));
		this.#copies.clear();
	}

	apply(event: RegistryEvent): void {
		this.#failure = undefined;
		if (event.type === "up") this.#put(event.instance);
		else if (event.type === "down") this.#remove(instanceKey(event.instance));
		else this.#replace(event.instances);
	}

	unknownBecause(error: ServiceError): void {
		this.#failure = error;
		this.#isAfterFailure = true;
		this.#missing.pause();
	}

	#replace(instances: readonly Instance[]): void {
		this.#missing.resume();
		const gone = new Set(this.#copies.keys());
		for (const instance of instances) {
			gone.delete(instanceKey(instance));
			this.#put(instance);
		}
		for (const key of gone) {
			if (this.#isAfterFailure) this.#missing.renewed(key);
			else this.#remove(key);
		}
		this.#isAfterFailure = false;
	}

	#put(instance: Instance): void {
		const key = instanceKey(instance);
		this.#missing.forget(key);
		if (Object.hasOwn(instance.labels, bridgeLabel)) return;
		const { to: registry, logger } = this.#options;
		const copy = this.#copies.get(key) ?? new RegistryCopy({ registry, logger, ctx: this.#life.ctx });
		this.#copies.set(key, copy);
		void copy.set(this.#labelled(instance));
	}

	#remove(key: string): void {
		const copy = this.#copies.get(key);
		this.#missing.forget(key);
		this.#copies.delete(key);
		void copy?.set(undefined);
	}

	#labelled(instance: Instance): Instance {
		const { labels, startedAt } = instance;
		return {
			...instance,
			// A record without this time would be taken for a mere address, and not be read.
			startedAt: startedAt === "" ? this.#startedAt : startedAt,
			labels: { ...labels, [bridgeLabel]: this.#options.name },
		};
	}
}
