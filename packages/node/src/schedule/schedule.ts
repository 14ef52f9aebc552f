import type { Context } from "@allium/core";
import { type Occurrences, occurrencesOfText } from "./timing.ts";

/** A time of a schedule that has come. */
export interface Tick {
	/** The name of the schedule. */
	readonly name: string;
	/** The time that it stands for. The run may begin later. */
	readonly at: Date;
}

/** The function that a schedule runs when a time has come. */
export type TickHandler = (tick: Tick, ctx: Context) => Promise<void> | void;

/** A schedule of an app. */
export interface Schedule {
	readonly name: string;
	readonly occurrences: Occurrences;
	readonly missed: "once" | "skip";
	readonly timeoutMs: number;
	readonly handler: TickHandler;
}

/**
 * A schedule with the times of a timing that is in its stream. During a deploy, an old process may run a time of the
 * new timing. The next time follows from that timing, too: otherwise the old one would apply until the next start.
 */
export function withTiming(schedule: Schedule, timing: string): Schedule {
	if (timing === schedule.occurrences.text) return schedule;
	try {
		return { ...schedule, occurrences: occurrencesOfText(schedule.name, timing) };
	} catch {
		// Another version of this code wrote it, or another machine knows the zone.
		return schedule;
	}
}
