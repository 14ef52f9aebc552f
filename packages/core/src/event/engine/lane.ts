import type { Context } from "../../context/context.ts";
import type { Verdict } from "../broker.ts";
import type { Deferred, HandlingError, LaneChange, LaneLease } from "../group-state.ts";
import { LanePause } from "../lane-pause.ts";
import type { Cursor, Placed } from "../log.ts";
import { CrashGuard } from "./crash-guard.ts";
import { Deferrals } from "./deferrals.ts";
import { Delays } from "./delays.ts";
import { EventInHand } from "./event-in-hand.ts";
import { EventQueue } from "./event-queue.ts";
import { KeyLines } from "./key-lines.ts";
import { LaneChanges, type TakenChanges } from "./lane-changes.ts";
import { LaneWindow } from "./lane-window.ts";

/** How a lane is handled. */
export interface LaneOptions {
	readonly park: "key" | "event";
	readonly deferredBound: number;
	readonly longestPauseMs: number;
	/** Whether the last holder of the lane was gone without releasing it. */
	readonly crashed: boolean;
	/** Ends when the lane is lost. */
	readonly ctx: Context;
	/** Called when something has to be saved. */
	readonly changed: (lane: Lane) => void;
}

/** The end of an event that a recovery awaits. `lost` means that the lane is gone and the event's fate is not known. */
export type RecoveryEnd = "done" | "deferred" | "lost";

/** The part of a lane that has to be saved, and the changes to put back if that fails. */
export interface Unsaved {
	readonly change: LaneChange;
	readonly taken: TakenChanges;
}

/**
 * A lane that this process holds: the events that are in hand, deferred and delayed, and how far it is settled. It does
 * no input or output. Others tell it which events were read and how they ended; it tells them which events may be
 * handled, and what has to be saved.
 */
export class Lane {
	readonly number: number;
	readonly ctx: Context;
	readonly window: LaneWindow;
	readonly deferrals: Deferrals = new Deferrals();
	readonly delays: Delays = new Delays();
	readonly changes: LaneChanges = new LaneChanges();
	readonly guard: CrashGuard;
	readonly pause: LanePause;
	/** It has a new epoch after a save whose fate is not known. */
	lease: LaneLease;
	/** How many deferred and delayed events are being recovered. */
	recovering = 0;
	/** How many events were settled since the lane was last saved. */
	unsaved = 0;
	#state: "open" | "closing" | "lost" = "open";
	#running = 0;
	#inHand = 0;
	#bytes = 0;
	readonly #options: LaneOptions;
	readonly #cancel: (reason?: unknown) => void;
	readonly #keys: KeyLines;
	readonly #ready = new EventQueue();
	readonly #recovered = new EventQueue();
	/** The events whose end is awaited. */
	readonly #awaited = new Set<EventInHand>();
	/** The last event of each held key that was passed over. */
	readonly #passed = new Map<string, Cursor>();
	readonly #idle = Promise.withResolvers<void>();
	readonly #metAhead = Promise.withResolvers<void>();
	#savedCursor: Cursor;

	constructor(lease: LaneLease, options: LaneOptions) {
		const { state } = lease;
		this.number = lease.lane;
		this.lease = lease;
		this.#options = options;
		const { ctx, cancel } = options.ctx.withCancel();
		this.ctx = ctx;
		this.#cancel = cancel;
		this.window = new LaneWindow(state.cursor, state.ahead);
		this.guard = new CrashGuard(state, options.crashed);
		this.pause = new LanePause(options.longestPauseMs);
		this.#savedCursor = state.cursor;
		this.#keys = new KeyLines((event) =>
			(event.origin === "log" ? this.#ready : this.#recovered).push(event),
		);
		for (const entry of state.deferred) this.#load(entry);
		if (this.window.hasMetAhead) this.#metAhead.resolve();
	}

	get isOpen(): boolean {
		return this.#state === "open";
	}

	get isLost(): boolean {
		return this.#state === "lost";
	}

	/** How many events are being handled. */
	get running(): number {
		return this.#running;
	}

	/** How many events are in memory to be handled. */
	get inHand(): number {
		return this.#inHand;
	}

	get bytes(): number {
		return this.#bytes;
	}

	/** Whether so much is deferred that nothing further is begun. */
	get isBlocked(): boolean {
		return this.deferrals.size >= this.#options.deferredBound && this.window.hasMetAhead;
	}

	/** The first event that is not settled: deferred, in hand, or waiting for its turn. Undefined without one. */
	get oldest(): Cursor | undefined {
		const [deferred, read] = [this.deferrals.first, this.window.first];
		if (deferred === undefined || read === undefined) return deferred ?? read;
		return deferred < read ? deferred : read;
	}

	/** Takes the next event of the log. */
	take(placed: Placed): void {
		const { key, notBefore } = placed.event;
		if (this.window.wasSettledAhead(placed.cursor)) {
			if (key !== undefined && this.#keys.isHeld(key)) this.#passed.set(key, placed.cursor);
			return;
		}
		const event = new EventInHand(placed, this.lease.epoch);
		this.window.add(event);
		if (placed.fault !== undefined) this.#defer(event, { do: "park", error: unreadable(placed.fault) });
		else if (notBefore !== undefined) this.#delay(event, Date.parse(notBefore) || 0);
		else if (this.#keys.take(event)) this.#hold(event);
		else if (key !== undefined) this.#passOver(event, key);
	}

	/** Passes over the next event of the log, because nobody handles it. */
	skip({ cursor }: Placed): void {
		if (this.window.wasSettledAhead(cursor)) return;
		this.window.add({ cursor, settled: true });
		this.#noteChange();
	}

	/** The log was read up to here. */
	readTo(cursor: Cursor): void {
		this.window.readTo(cursor);
		if (this.window.hasMetAhead) this.#metAhead.resolve();
	}

	/** The next event that may be handled now. It counts as running from now on. */
	next(): EventInHand | undefined {
		if (this.#state !== "open" || this.#running >= this.#room) return undefined;
		const event = this.#recovered.shift() ?? (this.isBlocked ? undefined : this.#ready.shift());
		if (event !== undefined) this.#running++;
		return event;
	}

	/** An event that was running is over. Returns false when the lane is lost: then nothing comes of it. */
	end(event: EventInHand, verdict: Verdict): boolean {
		if (this.#state === "lost") return false;
		this.#running--;
		this.#drop(event);
		this.pause.note(verdict.do === "retry" && verdict.blameless);
		if (verdict.do === "done") this.#finish(event);
		else this.#defer(event, verdict);
		this.#keys.finish(event);
		this.#survive(event);
		if (event.onEnd !== undefined) this.#tell(event, verdict.do === "done" ? "done" : "deferred");
		if (this.#state === "closing" && this.#running === 0) this.#idle.resolve();
		return true;
	}

	/** Handles an event that is deferred, or is of a held key, or delayed. Resolves once it is over. */
	recover(event: EventInHand): Promise<RecoveryEnd> {
		if (this.#state !== "open") return Promise.resolve("lost");
		const { promise, resolve } = Promise.withResolvers<RecoveryEnd>();
		event.onEnd = resolve;
		this.#awaited.add(event);
		this.#hold(event);
		this.#keys.takeFree(event);
		return promise;
	}

	/** Resolves once all that was settled ahead before the lane was claimed was met again, or the lane is not open. */
	whenMetAhead(): Promise<void> {
		return this.#metAhead.promise;
	}

	/** The last event of a held key that was deferred or passed over; `""` while it is not known. */
	passed(key: string): Cursor {
		return this.#passed.get(key) ?? "";
	}

	/** The first event of a held key is handled: the next one takes its place. */
	advance({ id, key }: Deferred, cursor: Cursor): Deferred {
		const now = Date.now();
		const entry: Deferred = {
			id,
			...(key !== undefined && { key }),
			cursor,
			attempt: 0,
			due: now,
			since: now,
		};
		this.deferrals.move(entry);
		this.changes.defer(entry);
		this.#noteChange();
		return entry;
	}

	/** Removes a deferred event: it and all events that it held back are handled. */
	settle({ id, key }: Deferred): void {
		this.deferrals.delete(id);
		this.changes.settle(id);
		if (key !== undefined) {
			this.#passed.delete(key);
			this.#keys.letGo(key);
		}
		this.#noteChange();
	}

	/** A delayed event is over, or deferred. */
	undelay(cursor: Cursor): void {
		this.changes.undelay(cursor);
		this.delays.forget(cursor);
		this.#noteChange();
	}

	/** Whether anything has to be saved. */
	get isDirty(): boolean {
		return this.unsaved > 0 || !this.changes.isEmpty || this.window.cursor !== this.#savedCursor;
	}

	/** Takes out the changes that have to be saved. */
	takeUnsaved(): Unsaved {
		const taken = this.changes.take();
		const { cursor } = this.window;
		this.unsaved = 0;
		this.#savedCursor = cursor;
		return { change: taken.change(cursor, this.window.ahead()), taken };
	}

	/** Puts the changes back because they could not be saved. */
	putBack({ taken }: Unsaved): void {
		this.changes.putBack(taken);
		this.unsaved++;
	}

	/** Begins nothing further. Resolves once nothing is running, or the lane is lost. */
	close(): Promise<void> {
		if (this.#state === "open") {
			this.#state = "closing";
			if (this.guard.isCareful) this.changes.trying("none");
			this.#metAhead.resolve();
			if (this.#running === 0) this.#idle.resolve();
		}
		return this.#idle.promise;
	}

	/** Ends the contexts of all handlers. The outcomes of their events still count. */
	cancel(): void {
		this.#cancel();
	}

	/** Gives the lane up as it is: contexts end, and nothing changes any more. */
	lose(reason: unknown): void {
		if (this.#state === "lost") return;
		this.#state = "lost";
		this.#idle.resolve();
		this.#metAhead.resolve();
		for (const event of [...this.#awaited]) this.#tell(event, "lost");
		this.#cancel(reason);
	}

	get #room(): number {
		const { room } = this.pause;
		return this.guard.isCareful ? Math.min(1, room) : room;
	}

	#load(entry: Deferred): void {
		this.deferrals.put(entry);
		if (entry.key === undefined) return;
		this.#keys.hold(entry.key, () => {});
	}

	#hold(event: EventInHand): void {
		this.#inHand++;
		this.#bytes += event.bytes;
	}

	#drop(event: EventInHand): void {
		this.#inHand--;
		this.#bytes -= event.bytes;
	}

	#passOver(event: EventInHand, key: string): void {
		this.#passed.set(key, event.cursor);
		this.window.settle(event);
		this.#noteChange();
	}

	#delay(event: EventInHand, due: number): void {
		const delayed = { cursor: event.cursor, due };
		this.changes.delay(delayed);
		this.delays.add(delayed);
		this.window.settle(event);
		this.#noteChange();
	}

	#finish(event: EventInHand): void {
		if (event.origin === "log") this.window.settle(event);
		else if (event.origin === "delayed") this.undelay(event.cursor);
		else if (event.deferred !== undefined && event.deferred.key === undefined) this.settle(event.deferred);
		this.#noteChange();
	}

	#defer(event: EventInHand, verdict: Exclude<Verdict, { readonly do: "done" }>): void {
		const now = Date.now();
		const entry: Deferred = {
			...this.#place(event),
			cursor: event.cursor,
			attempt: verdict.do === "retry" && verdict.blameless ? event.attempt - 1 : event.attempt,
			due: verdict.do === "park" ? "parked" : dueAfter(verdict.afterMs, now),
			error: verdict.error,
			since: event.deferred?.since ?? now,
		};
		this.deferrals.put(entry);
		this.changes.defer(entry);
		if (event.origin === "delayed") this.undelay(event.cursor);
		if (event.origin === "log") {
			if (entry.key !== undefined) this.#holdKey(entry.key, event.cursor);
			this.window.settle(event);
		}
		this.#noteChange();
	}

	/** Which entry an event has once it is deferred: that of its key, or one of its own. */
	#place(event: EventInHand): { readonly id: string; readonly key?: string } {
		if (event.deferred !== undefined) {
			const { id, key } = event.deferred;
			return { id, ...(key !== undefined && { key }) };
		}
		const { key } = event.event;
		const holds = event.origin === "log" && this.#options.park === "key" && event.fault === undefined;
		return holds && key !== undefined ? { id: `k:${key}`, key } : { id: `e:${event.cursor}` };
	}

	#holdKey(key: string, cursor: Cursor): void {
		this.#passed.set(key, cursor);
		this.#keys.hold(key, (event) => {
			this.#drop(event);
			this.#passOver(event, key);
		});
	}

	#survive(event: EventInHand): void {
		const isIdle = this.#inHand === 0;
		if (!this.guard.survived(event.deferred?.id, this.window.cursor, isIdle)) return;
		this.changes.crashes(0);
		this.changes.trying("none");
		this.#noteChange();
	}

	#tell(event: EventInHand, end: RecoveryEnd): void {
		this.#awaited.delete(event);
		event.onEnd?.(end);
	}

	#noteChange(): void {
		this.unsaved++;
		this.#options.changed(this);
	}
}

/** Never 0, which is what operators set. */
function dueAfter(milliseconds: number, now: number): number {
	return Math.max(1, now + Math.max(0, milliseconds || 0));
}

function unreadable(fault: string): HandlingError {
	return { code: "invalid_argument", reason: "unreadable_event", message: `the text is no event: ${fault}` };
}
