import { errorText } from "../../errors/error-text.ts";
import { after, type Timer } from "../../time/timer.ts";
import type { Deliver, Verdict } from "../broker.ts";
import type { EventInHand } from "./event-in-hand.ts";
import type { Lane } from "./lane.ts";
import type { Membership } from "./membership.ts";
import type { Turns } from "./turns.ts";

/** Options of {@link Dispatcher}. */
export interface DispatcherOptions {
	/** How many events are handled at once. */
	readonly concurrency: number;
	readonly deliver: Deliver;
	readonly membership: Membership;
	/** Shared by all groups of the process: after crashes, one event at a time is under suspicion. */
	readonly turns: Turns;
	/** Resolves once all changes of a lane are saved, or it is lost. */
	readonly save: (lane: Lane) => Promise<void>;
	/** Told when an event is over. */
	readonly ended: (lane: Lane, verdict: Verdict) => void;
	/** Told when a lane has paused for long enough. */
	readonly resumed: () => void;
}

/** Hands the events of all lanes to the handler: as many at once as the group allows, and the lanes in turn. */
export class Dispatcher {
	readonly #options: DispatcherOptions;
	#lanes: readonly Lane[] = [];
	#turn = 0;
	#running = 0;
	#timer: Timer | undefined;
	#timerAt = Number.POSITIVE_INFINITY;

	constructor(options: DispatcherOptions) {
		this.#options = options;
	}

	/** The lanes that are held by now. */
	setLanes(lanes: readonly Lane[]): void {
		this.#lanes = lanes;
		this.pump();
	}

	/** A lane is lost: its handlers may run on, but they count no more. Call it before the lane is told. */
	forget(lane: Lane): void {
		this.#running -= lane.running;
	}

	/** Begins what may be handled now. */
	pump(): void {
		const { concurrency, membership } = this.#options;
		if (this.#lanes.length === 0 || !membership.isAlive()) return;
		for (let idle = 0; this.#running < concurrency && idle < this.#lanes.length; idle++) {
			this.#turn = (this.#turn + 1) % this.#lanes.length;
			const lane = this.#lanes[this.#turn];
			const event = lane?.next();
			if (lane === undefined || event === undefined) continue;
			idle = -1;
			this.#running++;
			this.#begin(lane, event);
		}
	}

	close(): void {
		this.#timer?.stop();
	}

	#begin(lane: Lane, event: EventInHand): void {
		const refusal = lane.guard.refusal(event.cursor);
		if (refusal !== undefined) this.#end(lane, event, { do: "park", error: refusal });
		else if (lane.guard.isCareful) void this.#beginCarefully(lane, event);
		else this.#deliver(lane, event);
	}

	/** Notes which event is handled while it is, in case that it ends the process. */
	async #beginCarefully(lane: Lane, event: EventInHand): Promise<void> {
		const { membership, save, turns } = this.#options;
		const leave = await turns.take();
		const unlisten = lane.ctx["~cancellation"].listen(leave);
		lane.changes.trying(lane.guard.trying(event.cursor));
		await save(lane);
		if (lane.isLost || !membership.isAlive()) return leave();
		this.#deliver(lane, event, async () => {
			lane.changes.trying("none");
			await save(lane);
			unlisten();
			leave();
		});
	}

	/** @param after called when the event is over, and the lane still held. */
	#deliver(lane: Lane, event: EventInHand, after?: () => void): void {
		const ended = (verdict: Verdict | undefined): void => {
			if (!this.#end(lane, event, verdict ?? broken("it has no verdict"))) return;
			after?.();
			this.pump();
		};
		const failed = (error: unknown): void => ended(broken(error));
		try {
			this.#options.deliver(event, lane.ctx).then(ended, failed);
		} catch (error) {
			failed(error);
		}
	}

	/** Returns false when the lane is lost by now. */
	#end(lane: Lane, event: EventInHand, verdict: Verdict): boolean {
		if (!lane.end(event, verdict)) return false;
		this.#running--;
		if (lane.pause.until !== 0) this.#awaitPause();
		this.#options.ended(lane, verdict);
		return true;
	}

	/** One timer for all lanes that pause. */
	#awaitPause(): void {
		const now = performance.now();
		let end = Number.POSITIVE_INFINITY;
		for (const { pause } of this.#lanes) if (pause.until > now) end = Math.min(end, pause.until);
		if (end >= this.#timerAt) return;
		this.#timer?.stop();
		this.#timerAt = end;
		this.#timer = after(Math.ceil(end - now), () => {
			this.#timerAt = Number.POSITIVE_INFINITY;
			this.pump();
			this.#options.resumed();
			this.#awaitPause();
		});
	}
}

/** The verdict on an event whose `deliver` rejected, which it should never do. */
function broken(error: unknown): Verdict {
	const message = `the event could not be handed over: ${errorText(error)}`;
	return { do: "retry", afterMs: 1_000, blameless: false, error: { code: "internal", message } };
}
