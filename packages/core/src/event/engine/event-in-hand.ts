import type { Delivered } from "../broker.ts";
import type { EventRecord } from "../event-record.ts";
import type { Deferred } from "../group-state.ts";
import type { Cursor, Placed } from "../log.ts";

/**
 * The origin of an event in hand: it was read in its turn, was deferred, is the next of a held key, or was delayed and
 * is due by now.
 */
export type Origin = "log" | "deferred" | "backlog" | "delayed";

/**
 * An event that has to be handled or is being handled. Each event takes only one object, since events come by the
 * million.
 */
export class EventInHand implements Delivered {
	readonly event: EventRecord;
	readonly lane: number;
	readonly cursor: Cursor;
	readonly bytes: number;
	readonly fault?: string;
	readonly attempt: number;
	readonly epoch: number;
	readonly isReplay: boolean;
	readonly origin: Origin;
	/** The entry of a deferred event. */
	readonly deferred: Deferred | undefined;
	/** Whether the lane may pass it. */
	settled = false;
	/** The next in the queue that it waits in. */
	next: EventInHand | undefined;
	/** Told once what became of it, where somebody waits for it. */
	onEnd: ((end: "done" | "deferred" | "lost") => void) | undefined;

	constructor(placed: Placed, epoch: number, origin: Origin = "log", deferred?: Deferred) {
		this.event = placed.event;
		this.lane = placed.lane;
		this.cursor = placed.cursor;
		this.bytes = placed.bytes;
		if (placed.fault !== undefined) this.fault = placed.fault;
		this.attempt = (deferred?.attempt ?? 0) + 1;
		this.epoch = epoch;
		this.isReplay = deferred?.due === 0;
		this.origin = origin;
		this.deferred = deferred;
		this.next = undefined;
		this.onEnd = undefined;
	}
}
