import type { Context } from "../context/context.ts";
import type { Instance } from "./instance.ts";

/** Narrows what a registry answers. What is not given does not narrow. */
export interface RegistryFilter {
	readonly namespace?: string;
	/** Only instances that serve a contract of this name. */
	readonly service?: string;
}

/** What a watcher sees: first a snapshot, then changes; another snapshot whenever changes may have been missed. */
export type RegistryEvent =
	| { readonly type: "snapshot"; readonly instances: readonly Instance[] }
	/** An instance came up, or its record changed. */
	| { readonly type: "up"; readonly instance: Instance }
	/**
	 * An instance left, or its lease ran out. `released` where the registry knows that it left by itself, or does
	 * not offer any more what is watched; without it, it may be there still.
	 */
	| { readonly type: "down"; readonly instance: Instance; readonly released?: boolean };

/** The registration of one instance. Whoever holds it calls `update` more often than every `ttlMs`. */
export interface Lease {
	/** How long the registration lasts without an update, in milliseconds. */
	readonly ttlMs: number;
	/**
	 * Renews the lease, and changes the record where the instance differs. Registers anew what had run out
	 * meanwhile, so that a suspended process comes back.
	 */
	update(instance: Instance): Promise<void>;
	/** Removes the instance. Doing it twice is the same as once. */
	release(): Promise<void>;
	/** Aborts when the backend says that the lease is gone although it was updated in time. */
	readonly lost: AbortSignal;
}

/**
 * Who is up, and where. An instance that dies without a word is gone within its time to live.
 *
 * Operations throw `unavailable` while the backend does not answer. A watch never reports an outage as
 * instances going down: it throws, or waits and goes on with a fresh snapshot. Leases that ran out during an
 * outage are told as they are; clients do not believe that most instances are gone at once.
 */
export interface Registry {
	/** Where it is, as a URL to show to people: complete, without secrets. */
	readonly location?: string | undefined;
	/**
	 * Whether processes on other hosts find instances in it. A process that was not told where to listen listens on
	 * all interfaces if this is true, and on loopback otherwise. Default: false.
	 */
	readonly spansHosts?: boolean | undefined;
	register(instance: Instance, ctx: Context): Promise<Lease>;
	list(filter?: RegistryFilter, ctx?: Context): Promise<Instance[]>;
	/** Goes on until the context ends, the consumer breaks out or the registry is closed; then it just ends. */
	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent>;
	/** Ends all watches and releases what the registry holds open. Leases are not released. */
	close(): Promise<void>;
}

/** How long a registration lasts without an update, unless told otherwise, in milliseconds. */
export const defaultTtlMs = 5_000;

/** Whether an instance is what a filter asks for. */
export function matches(filter: RegistryFilter, instance: Instance): boolean {
	return (
		(filter.namespace === undefined || instance.namespace === filter.namespace) &&
		(filter.service === undefined || instance.services.some(({ name }) => name === filter.service))
	);
}
