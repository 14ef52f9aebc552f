import type { Context } from "../../context/context.ts";
import type { Logger } from "../../logger/logger.ts";
import { after, type Timer } from "../../time/timer.ts";
import type { ConsumerReport } from "../broker.ts";
import { cursorAt, positionOf } from "../cursor.ts";
import type { Cursor, TopicLog } from "../log.ts";
import { timeText } from "../time-text.ts";
import { attempt } from "./attempt.ts";
import type { Lane } from "./lane.ts";
import { Troubles } from "./troubles.ts";

/** An event is about to be forgotten once this share of the topic's retention is left to it. */
const nearShare = 0.2;
/** The pause between two looks, in milliseconds: a share of the retention, so that each event is seen before it is forgotten. */
const looks = { shortest: 100, longest: 60_000, share: 0.02 };

/** The time at which an event was stored that the topic does not have any more, and the time that is left to it. */
const forgotten: number = Number.NEGATIVE_INFINITY;

/** Options of {@link RetentionWatch}. */
export interface RetentionWatchOptions {
	readonly topic: TopicLog;
	readonly group: string;
	readonly lanes: () => Iterable<Lane>;
	/** How long a backend may take for an answer. */
	readonly patienceMs: number;
	/** Ended when the group is closed. */
	readonly ctx: Context;
	readonly logger: Logger;
}

/**
 * Warns before the topic forgets an event that the group has not settled: one that is parked, or waits for another
 * attempt or for its turn. A forgotten event is lost, so operators need the warning while they can still act.
 */
export class RetentionWatch {
	readonly #options: RetentionWatchOptions;
	readonly #warnings: Troubles;
	/** The times at which the unsettled events of the last look were stored, in milliseconds since 1970. */
	#stored: ReadonlyMap<Cursor, number> = new Map();
	#timer: Timer | undefined;

	constructor(options: RetentionWatchOptions) {
		const { topic, group, logger } = options;
		this.#options = options;
		this.#warnings = new Troubles(logger, { topic: topic.topic, group });
		this.#arm();
	}

	/** The part of the group's report that the watch knows. */
	get report(): Pick<ConsumerReport, "keptForSeconds" | "warning"> {
		const { text } = this.#warnings;
		return {
			...(this.#stored.size > 0 && { keptForSeconds: Math.max(0, this.#left) / 1_000 }),
			...(text !== undefined && { warning: text }),
		};
	}

	close(): void {
		this.#timer?.stop();
	}

	/** The time until the topic forgets the oldest of these events, in milliseconds. Infinity if there is none. */
	get #left(): number {
		return Math.min(...this.#stored.values()) + this.#options.topic.retainMs - Date.now();
	}

	#arm(): void {
		const { retainMs } = this.#options.topic;
		if (retainMs === Number.POSITIVE_INFINITY || this.#options.ctx.error !== undefined) return;
		const pause = Math.min(looks.longest, Math.max(looks.shortest, retainMs * looks.share));
		this.#timer = after(pause, () => void this.#look());
	}

	/** Never rejects. */
	async #look(): Promise<void> {
		try {
			this.#stored = await this.#ask(waitingIn(this.#options.lanes()));
			this.#tell();
		} catch {
			// The backend is away. The engine reports that, and the next look tries again.
		}
		this.#arm();
	}

	/** The times at which events were stored: their retention counts from there. */
	async #ask(waiting: ReadonlyMap<number, Cursor>): Promise<ReadonlyMap<Cursor, number>> {
		const { topic, patienceMs, ctx } = this.#options;
		const stored = new Map<Cursor, number>();
		for (const cursor of waiting.values()) {
			const time = this.#stored.get(cursor);
			if (time !== undefined && time !== forgotten) stored.set(cursor, time);
		}
		const unknown = [...waiting].filter(([, cursor]) => !stored.has(cursor));
		if (unknown.length === 0) return stored;
		const before = new Map(unknown.map(([lane, cursor]) => [lane, cursorAt(positionOf(cursor) - 1, "")]));
		const places = unknown.map(([lane, cursor]) => ({ lane, cursor }));
		const [behind, events] = await attempt(patienceMs, ctx, (ctx) =>
			Promise.all([topic.behind(before, ctx), topic.get(places, ctx)]),
		);
		places.forEach(({ lane, cursor }, index) => {
			// What lies behind the place of an event that is gone is another event.
			const time = events[index] === undefined ? forgotten : behind.get(lane)?.since;
			if (time !== undefined) stored.set(cursor, time);
		});
		return stored;
	}

	#tell(): void {
		const { topic, group } = this.#options;
		const left = this.#left;
		if (left > nearShare * topic.retainMs) {
			this.#warnings.clear("retention");
			return;
		}
		const parked = parkedIn(this.#options.lanes());
		const remedy =
			parked === 0
				? "see to the lag"
				: `${parked} parked here: replay or discard them in time (allium parked list ${topic.topic} ${group})`;
		this.#warnings.set(
			"retention",
			`the oldest event that the group has not settled ${fate(left)}: the topic keeps events for ${timeText(topic.retainMs)}; ${remedy}`,
		);
	}
}

function fate(left: number): string {
	if (left === forgotten) return "is lost";
	return left > 0 ? `will be lost in ${timeText(left)}` : "may be lost at any time";
}

/** How many events and held keys of these lanes are parked. */
function parkedIn(lanes: Iterable<Lane>): number {
	let count = 0;
	for (const { deferrals } of lanes) for (const { due } of deferrals.all()) if (due === "parked") count++;
	return count;
}

/** The first event of each lane that is not settled. */
function waitingIn(lanes: Iterable<Lane>): ReadonlyMap<number, Cursor> {
	const waiting = new Map<number, Cursor>();
	for (const { number, oldest } of lanes) if (oldest !== undefined) waiting.set(number, oldest);
	return waiting;
}
