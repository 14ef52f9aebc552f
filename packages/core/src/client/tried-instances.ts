import { type ContextKey, contextKey } from "../context/key.ts";

/** The instances that one call has tried. */
export class TriedInstances {
	/** Their ids, in order. */
	ids: readonly string[] = none;

	add(id: string): void {
		// Most calls try one: an array of just that, as one that grows takes room for many.
		this.ids = this.ids.length === 0 ? [id] : [...this.ids, id];
	}
}

const none: readonly string[] = [];

/**
 * Whoever repeats a call puts this under the key: the client adds each pick to it, and picks what is not in it
 * while there is any.
 */
export const triedInstances: ContextKey<TriedInstances> = contextKey("tried instances");
