import type { EventRecord } from "../event-record.ts";
import type { Member } from "../group-state.ts";

/** Whether a member handles an event. `newer`: it handles earlier versions of it. */
export type Acquaintance = "handled" | "newer" | "unknown";

/** The events that a member handles. */
export class KnownEvents {
	/** The newest version of each, by name. */
	readonly #versions: ReadonlyMap<string, number>;

	constructor(handles: Member["handles"]) {
		this.#versions = new Map(Object.entries(handles));
	}

	/** The type of an event is `contract.event`, and a topic has the events of one contract. */
	acquaintance({ type, version }: EventRecord): Acquaintance {
		const newest = this.#versions.get(type) ?? this.#versions.get(type.slice(type.lastIndexOf(".") + 1));
		if (newest === undefined) return "unknown";
		return version <= newest ? "handled" : "newer";
	}
}
