import type { HandlingError, LaneState, Trying } from "../group-state.ts";
import type { Cursor } from "../log.ts";

/** A lane is handled carefully once this many of its holders in a row were gone without releasing it. */
const crashesToCare = 2;

/** An event is parked once this many processes were gone while they handled it alone. */
const crashesToPark = 2;

/**
 * After this many events of a careful lane were handled one by one, none of them is suspected of ending the process.
 */
const eventsToTrust = 256;

/**
 * Finds the event whose handler ends its process. After two crashes in a row, the events of a lane are handled one by
 * one, and each event is noted before its handler runs. An event that then ends two processes is parked.
 */
export class CrashGuard {
	readonly #crashes: number;
	#careful: boolean;
	/** The event that was being handled when an earlier holder was gone. */
	#suspect: Trying | undefined;
	/** The deferred events that were there when the lane was claimed, and were not tried since. */
	readonly #untried = new Set<string>();
	readonly #start: Cursor;
	#tried = 0;

	/** @param crashed Whether the last holder was gone. A holder that lives and claims its lane again was only cut off. */
	constructor({ crashes, trying, deferred, cursor }: LaneState, crashed: boolean) {
		this.#crashes = crashes;
		this.#suspect =
			trying !== undefined && crashes > 0
				? { ...trying, crashes: trying.crashes + (crashed ? 1 : 0) }
				: undefined;
		this.#careful = crashes >= crashesToCare || this.#suspect !== undefined;
		this.#start = cursor;
		if (crashes > 0) for (const { id, due } of deferred) if (due !== "parked") this.#untried.add(id);
	}

	/** Whether events are handled one by one. */
	get isCareful(): boolean {
		return this.#careful;
	}

	/** The note to save before an event is handled. */
	trying(cursor: Cursor): Trying {
		return { cursor, crashes: cursor === this.#suspect?.cursor ? this.#suspect.crashes : 0 };
	}

	/**
	 * The reason why an event is not handled any more. It is given only once, since an event that is replayed has to be
	 * handled.
	 */
	refusal(cursor: Cursor): HandlingError | undefined {
		if (this.#suspect?.cursor !== cursor || this.#suspect.crashes < crashesToPark) return undefined;
		const { crashes } = this.#suspect;
		this.#suspect = undefined;
		return {
			code: "aborted",
			reason: "process_ended",
			message: `${crashes} processes ended, or were silent for too long, while they handled this event alone; replay it once its handler is mended`,
		};
	}

	/**
	 * Notes that an event was handled, in whatever way, and the process lives. Returns whether the lane is trusted from
	 * now on, so that its crashes are forgotten.
	 *
	 * @param cursor the cursor of the lane by now.
	 */
	survived(deferred: string | undefined, cursor: Cursor, isIdle: boolean): boolean {
		if (this.#crashes === 0) return false;
		if (deferred !== undefined) this.#untried.delete(deferred);
		this.#tried++;
		if (this.#untried.size > 0) return false;
		if (this.#careful ? this.#tried < eventsToTrust && !isIdle : cursor === this.#start) return false;
		return this.#trust();
	}

	#trusted = false;

	#trust(): boolean {
		if (this.#trusted) return false;
		this.#trusted = true;
		this.#careful = false;
		return true;
	}
}
