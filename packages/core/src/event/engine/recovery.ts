import type { Context } from "../../context/context.ts";
import { sleep } from "../../context/sleep.ts";
import { errorText } from "../../errors/error-text.ts";
import type { Logger } from "../../logger/logger.ts";
import { Backoff } from "../../time/backoff.ts";
import { after, type Timer } from "../../time/timer.ts";
import { positionOf } from "../cursor.ts";
import type { Deferred, Delayed, GroupStore } from "../group-state.ts";
import type { Cursor, Page, Placed, TopicLog } from "../log.ts";
import { attempt } from "./attempt.ts";
import { delaysAtOnce } from "./delays.ts";
import { EventInHand } from "./event-in-hand.ts";
import type { Lane } from "./lane.ts";
import type { Troubles } from "./troubles.ts";

/** A long wait looks at the clock again after this time, in milliseconds, because the clock of a machine may be set. */
const longestWaitMs = 10_000;

/** How many events of a held key are read at once. */
const backlogEvents = 64;

/** Options of {@link Recovery}. */
export interface RecoveryOptions {
	readonly topic: TopicLog;
	readonly store: GroupStore;
	/** How many deferred and delayed events are tried at once. */
	readonly concurrency: number;
	/** How many bytes of these events are in memory at most. */
	readonly bytes: number;
	/** How long a backend may take for an answer. */
	readonly patienceMs: number;
	/** Ends when the group is closed. */
	readonly ctx: Context;
	readonly troubles: Troubles;
	readonly logger: Logger;
	readonly lanes: () => Iterable<Lane>;
	/** Resolves once all changes of a lane are saved. */
	readonly save: (lane: Lane) => Promise<void>;
	/** Removes the events that no member handles. An event that another member has to handle ends the lane. */
	readonly handled: (lane: Lane, events: readonly Placed[]) => Promise<readonly Placed[]>;
	/** Told when there is something to be handled. */
	readonly ready: () => void;
}

/** A deferred or delayed event that is due. */
interface Due {
	readonly lane: Lane;
	readonly cursor: Cursor;
	readonly deferred?: Deferred;
	readonly delayed?: Delayed;
}

/**
 * Tries deferred events again when they are due, handles delayed events, and reads the events that waited behind a held
 * key, until the key has caught up with its lane. It handles as many events at once as the group does.
 */
export class Recovery {
	readonly #options: RecoveryOptions;
	readonly #backoff = new Backoff({ firstMs: 100, longestMs: 2_000 });
	#timer: Timer | undefined;
	#timerAt = Number.POSITIVE_INFINITY;
	#isFetching = false;

	constructor(options: RecoveryOptions) {
		this.#options = options;
	}

	/** Begins the due events, as far as there is room, and sets the timer for the rest. */
	wake(): void {
		if (this.#isFetching || this.#options.ctx.error !== undefined) return;
		const now = Date.now();
		const due = this.#takeDue(now);
		if (due.length > 0) void this.#fetch(due);
		else this.#arm(now);
	}

	/** Asks for the delayed events of a lane that are next. */
	async askDelays(lane: Lane): Promise<void> {
		const { store, patienceMs } = this.#options;
		lane.delays.ask();
		let told: readonly Delayed[] | undefined;
		try {
			await this.#options.save(lane);
			told = await attempt(patienceMs, lane.ctx, (ctx) =>
				store.delayed(lane.number, Number.MAX_SAFE_INTEGER, delaysAtOnce, ctx),
			);
		} catch (error) {
			await this.#wait(error, lane.ctx);
		}
		lane.delays.told(told);
		this.wake();
	}

	close(): void {
		this.#timer?.stop();
	}

	#takeDue(now: number): Due[] {
		const { concurrency, lanes } = this.#options;
		const due: Due[] = [];
		const open = [...lanes()].filter(({ isOpen, pause }) => isOpen && pause.room > 0);
		let room = concurrency - open.reduce((sum, { recovering }) => sum + recovering, 0);
		let found = true;
		// In turn, so that no lane waits for the others.
		while (room > 0 && found) {
			found = false;
			for (const lane of open) {
				const next = room > 0 ? takeDue(lane, now) : undefined;
				if (next === undefined) continue;
				found = true;
				room--;
				lane.recovering++;
				due.push(next);
			}
		}
		for (const lane of open) if (lane.delays.needsMore) void this.askDelays(lane);
		return due;
	}

	/**
	 * Sets the timer for the earliest event that is not due yet. A due event for which there is no room begins once there
	 * is room.
	 */
	#arm(now: number): void {
		let due = Number.POSITIVE_INFINITY;
		for (const lane of this.#options.lanes()) {
			if (!lane.isOpen) continue;
			for (const each of [lane.deferrals.due, lane.delays.due]) if (each > now) due = Math.min(due, each);
		}
		const wait = Math.min(due - now, longestWaitMs);
		if (due === Number.POSITIVE_INFINITY || now + wait >= this.#timerAt) return;
		this.#timer?.stop();
		this.#timerAt = now + wait;
		this.#timer = after(Math.ceil(wait), () => {
			this.#timerAt = Number.POSITIVE_INFINITY;
			this.wake();
		});
	}

	async #fetch(due: readonly Due[]): Promise<void> {
		const { topic, patienceMs, ctx, troubles } = this.#options;
		this.#isFetching = true;
		let left = due;
		try {
			const places = due.map(({ lane, cursor }) => ({ lane: lane.number, cursor }));
			const events = await attempt(patienceMs, ctx, (ctx) => topic.get(places, ctx));
			const missing = due.filter((_, index) => events[index] === undefined);
			left = await this.#stillToCome(missing);
			due.forEach((each, index) => {
				if (!left.includes(each)) void this.#recover(each, events[index]);
			});
			if (left.length > 0)
				throw new Error("the log does not have all of them, as one that is behind or was restored");
			this.#backoff.reset();
			troubles.clear("recovery");
		} catch (error) {
			for (const each of left) giveBack(each);
			await this.#wait(error, ctx);
		}
		this.#isFetching = false;
		this.#options.ready();
		this.wake();
	}

	/** Selects the missing events that retention has not removed, and that may therefore still appear in the log. */
	async #stillToCome(missing: readonly Due[]): Promise<readonly Due[]> {
		const { topic, patienceMs, ctx } = this.#options;
		const isToCome = await Promise.all(
			missing.map(async ({ lane, cursor, deferred }) => {
				if (deferred?.discard === true) return false;
				const place = new Map([[lane.number, cursor]]);
				return (await attempt(patienceMs, ctx, (ctx) => topic.diverged(place, ctx))).length > 0;
			}),
		);
		return missing.filter((_, index) => isToCome[index]);
	}

	/** Never rejects. */
	async #recover(due: Due, placed: Placed | undefined): Promise<void> {
		const { lane, deferred, cursor } = due;
		if (placed === undefined) this.#logLost(due);
		// The members may be others than when the event was read.
		const handled = placed === undefined ? [] : await this.#options.handled(lane, [placed]);
		const isTried = placed !== undefined && handled.length > 0 && deferred?.discard !== true;
		const end = isTried
			? await this.#run(lane, new EventInHand(placed, lane.lease.epoch, originOf(due), deferred))
			: "done";
		if (end === "done" && lane.isOpen) {
			if (deferred?.key !== undefined) await this.#catchUp(lane, deferred, deferred.key);
			else if (!isTried && deferred !== undefined) lane.settle(deferred);
			else if (!isTried) lane.undelay(cursor);
		}
		lane.recovering--;
		this.wake();
	}

	/** Handles the events that waited behind the first event of a held key, one after another. */
	async #catchUp(lane: Lane, first: Deferred, key: string): Promise<void> {
		await lane.whenMetAhead();
		let entry = first;
		for (let after = first.cursor; lane.isOpen; ) {
			const [passed, met] = [lane.passed(key), lane.window.read];
			if (passed !== "" && passed <= after) return lane.settle(entry);
			const page = await this.#readBacklog(lane, key, after);
			if (page === undefined) return;
			for (const placed of await this.#options.handled(lane, page.events.filter(isInTurn))) {
				// An event that the lane has not read yet is handled in its turn.
				if (!lane.isOpen || placed.cursor > lane.window.read) break;
				entry = lane.advance(entry, placed.cursor);
				const end = await this.#run(lane, new EventInHand(placed, lane.lease.epoch, "backlog", entry));
				if (end !== "done") return;
			}
			if (!lane.isOpen) return;
			const last = page.events.at(-1)?.cursor;
			const told = page.next.get(lane.number) ?? after;
			if (last !== undefined) {
				if (last > lane.window.read) return lane.settle(entry);
				after = last;
			} else if (positionOf(told) >= positionOf(met)) {
				// No event lies behind it up to the place where the lane was, so the events that the lane has met since then
				// decide.
				if (lane.passed(key) === passed) return lane.settle(entry);
			} else if (told > after) {
				after = told;
			} else {
				// A log that tells neither an event nor that there is none is behind, as after its server's restart.
				await this.#wait(new Error(`the log does not tell what lies behind ${after} yet`), lane.ctx);
			}
		}
	}

	async #readBacklog(lane: Lane, key: string, after: Cursor): Promise<Page | undefined> {
		const { topic, bytes, concurrency, patienceMs, troubles } = this.#options;
		const bounds = { events: backlogEvents, bytes: Math.ceil(bytes / concurrency), key };
		while (lane.isOpen) {
			try {
				const cursors = new Map([[lane.number, after]]);
				const page = await attempt(patienceMs, lane.ctx, (ctx) => topic.read(cursors, bounds, ctx));
				troubles.clear("recovery");
				return page;
			} catch (error) {
				await this.#wait(error, lane.ctx);
			}
		}
		return undefined;
	}

	#run(lane: Lane, event: EventInHand): ReturnType<Lane["recover"]> {
		const end = lane.recover(event);
		this.#options.ready();
		return end;
	}

	/** Waits before a backend is asked again that did not answer. */
	async #wait(error: unknown, ctx: Context): Promise<void> {
		if (ctx.error !== undefined) return;
		this.#options.troubles.set("recovery", `deferred events cannot be read: ${errorText(error)}`);
		await sleep(this.#backoff.next(), ctx).catch(() => {});
	}

	#logLost({ lane, cursor, deferred }: Due): void {
		this.#options.logger.log(
			"warn",
			"a deferred event is passed over, because its topic keeps it no longer",
			{
				topic: this.#options.topic.topic,
				lane: lane.number,
				cursor,
				...(deferred?.key !== undefined && { key: deferred.key }),
			},
		);
	}
}

function takeDue(lane: Lane, now: number): Due | undefined {
	const deferred = lane.deferrals.takeDue(now);
	if (deferred !== undefined) return { lane, cursor: deferred.cursor, deferred };
	const delayed = lane.delays.takeDue(now);
	return delayed === undefined ? undefined : { lane, cursor: delayed.cursor, delayed };
}

function giveBack({ lane, deferred, delayed }: Due): void {
	lane.recovering--;
	if (deferred !== undefined) lane.deferrals.put(deferred);
	if (delayed !== undefined) lane.delays.putBack(delayed);
}

function originOf({ delayed }: Due): "deferred" | "delayed" {
	return delayed === undefined ? "deferred" : "delayed";
}

/** Delayed events are not behind others of their key. */
function isInTurn({ event, fault }: Placed): boolean {
	return event.notBefore === undefined && fault === undefined;
}
