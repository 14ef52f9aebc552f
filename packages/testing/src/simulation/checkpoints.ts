import type { Cursor, GroupId, LaneChange, LaneLease } from "@allium/core/event";

/** The last accepted checkpoint of a lane. */
interface Checkpoint {
	readonly epoch: number;
	readonly cursor: Cursor;
}

/** The checkpoints that a broker accepted. Neither the epoch nor the cursor ever goes back. */
export class Checkpoints {
	readonly #lanes = new Map<string, Checkpoint>();
	readonly #violated: (error: Error) => void;

	/** @param violated Called when a checkpoint goes back. */
	constructor(violated: (error: Error) => void) {
		this.#violated = violated;
	}

	saved({ topic, group }: GroupId, { lane, epoch }: LaneLease, { cursor }: LaneChange): void {
		const name = `lane ${lane} of the group ${group} of ${topic}`;
		const last = this.#lanes.get(name) ?? { epoch: 0, cursor: "" };
		const next = { epoch, cursor: cursor ?? last.cursor };
		if (next.epoch < last.epoch) {
			this.#violated(
				new Error(`${name}: a checkpoint of epoch ${epoch} was accepted after epoch ${last.epoch}`),
			);
		} else if (next.cursor < last.cursor) {
			this.#violated(new Error(`${name}: the cursor went back from ${last.cursor} to ${next.cursor}`));
		}
		this.#lanes.set(name, next);
	}

	/** Forgets a group, because it continues at other places. */
	forget({ topic, group }: GroupId): void {
		for (const name of this.#lanes.keys()) {
			if (name.endsWith(` of the group ${group} of ${topic}`)) this.#lanes.delete(name);
		}
	}
}
