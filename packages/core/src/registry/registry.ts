import type { Context } from "../context/context.ts";
import type { Instance } from "./instance.ts";

/** A filter for the answers of a registry. A missing field does not filter. */
export interface RegistryFilter {
	readonly namespace?: string;
	/** Only instances that serve a contract of this name. */
	readonly service?: string;
}

/**
 * The events that a watcher sees: first a snapshot, then changes. Another snapshot follows whenever changes may have been
 * missed.
 */
export type RegistryEvent =
	| { readonly type: "snapshot"; readonly instances: readonly Instance[] }
	/** An instance came up, or its record changed. */
	| { readonly type: "up"; readonly instance: Instance }
	/**
	 * An instance left, or its lease ran out. `released` is set if the registry knows that the instance left of its own
	 * accord, or no longer offers the watched service. Without it, the instance may still be there.
	 */
	| { readonly type: "down"; readonly instance: Instance; readonly released?: boolean };

/** The registration of one instance. Its holder calls `update` more often than every `ttlMs`. */
export interface Lease {
	/** How long the registration lasts without an update, in milliseconds. */
	readonly ttlMs: number;
	/**
	 * Renews the lease, and changes the record where the instance differs. A lease that ran out in the meantime is
	 * registered again, so a suspended process comes back.
	 */
	update(instance: Instance): Promise<void>;
	/** Removes the instance. A second call has no further effect. */
	release(): Promise<void>;
	/** Aborts when the backend says that the lease is gone although it was updated in time. */
	readonly lost: AbortSignal;
}

/** The time that the server of a registry tells. */
export interface RegistryClock {
	/** The time on the server when it answered, in milliseconds since 1970. */
	readonly now: number;
	/** How coarse that time is, in milliseconds: 1000 for the header `date` of HTTP. It is cut off, not rounded. */
	readonly resolutionMs: number;
}

/**
 * The instances that are up, and their addresses. An instance that dies without a word is gone within its time to
 * live.
 *
 * Operations throw `unavailable` while the backend does not answer. A watch never reports an outage as instances going
 * down: it throws, or waits and continues. Leases run out during an outage, so for one time to live after the
 * connection is back a watch reports only instances as gone that left of their own accord. A listing has the instances
 * that the backend knows at the time.
 */
export interface Registry {
	/** The location of the registry as a URL for people to read: complete, but without secrets. */
	readonly location?: string | undefined;
	/**
	 * Whether processes on other hosts find instances in it. A process that was not told where to listen listens on
	 * all interfaces if this is true, and on loopback otherwise. Default: false.
	 */
	readonly spansHosts?: boolean | undefined;
	register(instance: Instance, ctx: Context): Promise<Lease>;
	list(filter?: RegistryFilter, ctx?: Context): Promise<Instance[]>;
	/**
	 * Goes on until the context ends, the consumer breaks out or the registry is closed; then it ends without an
	 * error.
	 */
	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent>;
	/**
	 * Asks the server of the registry for the time, for tools that compare the clocks of machines; undefined while the
	 * server does not tell it. A registry whose server never tells it does not have this. Nothing else may depend on
	 * it: leases run by the server's own clock.
	 */
	readonly clock?: ((ctx: Context) => Promise<RegistryClock | undefined>) | undefined;
	/** Ends all watches and frees the resources of the registry. Leases are not released. */
	close(): Promise<void>;
}

/** The default time that a registration lasts without an update, in milliseconds. */
export const defaultTtlMs = 5_000;

/** Whether an instance satisfies a filter. */
export function matches(filter: RegistryFilter, instance: Instance): boolean {
	return (
		(filter.namespace === undefined || instance.namespace === filter.namespace) &&
		(filter.service === undefined || instance.services.some(({ name }) => name === filter.service))
	);
}
