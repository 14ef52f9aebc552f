import type { EventRecord } from "../event-record.ts";
import type { Member } from "../group-state.ts";

/**
 * How a member knows an event. `newer`: the member handles earlier versions of it. `ignored`: no member of the group
 * handles it.
 */
export type Acquaintance = "handled" | "newer" | "unknown" | "ignored";

/** The events that a member handles. */
export class KnownEvents {
	/** The newest version of each, by name. */
	readonly #versions: ReadonlyMap<string, number>;
	readonly #ignored: ReadonlySet<string>;
	/** The type that was asked for last, and what is known of it. Most events in a row are of one type. */
	#type: string | undefined;
	#newest: number | "unknown" | "ignored" = "unknown";

	constructor(handles: Member["handles"], ignores: readonly string[] = []) {
		this.#versions = new Map(Object.entries(handles));
		this.#ignored = new Set(ignores);
	}

	/** The type of an event is `contract.event`, and a topic has the events of one contract. */
	acquaintance({ type, version }: EventRecord): Acquaintance {
		if (type !== this.#type) {
			this.#newest = this.#newestOf(type);
			this.#type = type;
		}
		if (typeof this.#newest !== "number") return this.#newest;
		return version <= this.#newest ? "handled" : "newer";
	}

	#newestOf(type: string): number | "unknown" | "ignored" {
		const name = type.slice(type.lastIndexOf(".") + 1);
		return (
			this.#versions.get(type) ??
			this.#versions.get(name) ??
			(this.#ignored.has(name) ? "ignored" : "unknown")
		);
	}
}
