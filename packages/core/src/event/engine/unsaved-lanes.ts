import { errorText } from "../../errors/error-text.ts";
import type { Lane } from "./lane.ts";
import type { Troubles } from "./troubles.ts";

/** The name of the trouble. */
const trouble = "save";

/** The lanes of a group that could not be saved. They are one trouble, because they have one backend. */
export class UnsavedLanes {
	readonly #troubles: Troubles;
	readonly #lanes = new Set<Lane>();

	constructor(troubles: Troubles) {
		this.#troubles = troubles;
	}

	failed(lane: Lane, error: unknown): void {
		this.#lanes.add(lane);
		this.#troubles.set(trouble, `what was handled cannot be saved: ${errorText(error)}`);
	}

	saved(lane: Lane): void {
		if (this.#lanes.delete(lane) && this.#lanes.size === 0) this.#troubles.clear(trouble);
	}

	/** A lane is given up without being saved. The backend may be in trouble as before. */
	givenUp(lane: Lane): void {
		if (this.#lanes.delete(lane) && this.#lanes.size === 0) this.#troubles.forget(trouble);
	}
}
