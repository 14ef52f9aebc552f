import type { Lease } from "./registry.ts";

/** A lease that changes nothing and never runs out, for registries in which processes do not register. */
export function inertLease(): Lease {
	return {
		ttlMs: Number.POSITIVE_INFINITY,
		lost: new AbortController().signal,
		update: async () => {},
		release: async () => {},
	};
}
