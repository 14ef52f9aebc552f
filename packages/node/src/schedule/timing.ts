import { createRequire } from "node:module";
import type { Cron } from "croner";

/** When a schedule runs by the clock of a place. */
export interface CronTiming {
	/** Minute, hour, day of the month, month, day of the week: `0 3 * * *` is each night at three. A sixth field in front has seconds. */
	readonly cron: string;
	/** A time zone of the IANA database, such as `Europe/Vienna`. Default: `UTC`. */
	readonly zone?: string;
}

/** When a schedule runs at an interval. */
export interface IntervalTiming {
	/** The interval in milliseconds, at least 1000. Runs begin at its multiples since 1970, so that all processes agree. */
	readonly ms: number;
}

/** The options of a schedule other than its times. */
export interface ScheduleOptions {
	/**
	 * What happens to times that were missed because no process was running: `once` runs once for all of them as soon as a
	 * process is there, and `skip` drops them. Default: `once`.
	 */
	readonly missed?: "once" | "skip";
	/** How long a run may take, in milliseconds: the deadline of its context. Default: 10 minutes. */
	readonly timeoutMs?: number;
}

/** When a schedule runs. */
export type Timing = (CronTiming | IntervalTiming) & ScheduleOptions;

/** The times of a schedule. */
export interface Occurrences {
	/** The timing as text: the same for the same times. */
	readonly text: string;
	/** The first time after another; undefined when there is none. */
	after(time: Date): Date | undefined;
}

const shortestMs = 1_000;

/**
 * The times of a schedule.
 *
 * @param name names the schedule in errors.
 * @throws TypeError for an expression or a zone that cannot be used; RangeError for an interval.
 */
export function occurrencesOf(name: string, timing: Timing): Occurrences {
	if ("ms" in timing) return atInterval(name, timing.ms);
	if (typeof timing.cron !== "string") {
		throw new TypeError(
			`the schedule "${name}" has no times: give it { cron: "0 3 * * *" } or { ms: 60_000 }`,
		);
	}
	return byCron(name, timing);
}

/**
 * The times of a timing that was kept as text.
 *
 * @throws as {@link occurrencesOf}.
 */
export function occurrencesOfText(name: string, text: string): Occurrences {
	const [, ms] = /^(\d+) ms$/.exec(text) ?? [];
	if (ms !== undefined) return atInterval(name, Number(ms));
	const end = text.lastIndexOf(" ");
	return byCron(name, { cron: text.slice(0, end), zone: text.slice(end + 1) });
}

function atInterval(name: string, ms: number): Occurrences {
	if (!Number.isSafeInteger(ms) || ms < shortestMs) {
		throw new RangeError(
			`ms of the schedule "${name}" takes whole milliseconds, at least ${shortestMs}, and was given ${String(ms)}`,
		);
	}
	return { text: `${ms} ms`, after: (time) => new Date((Math.floor(time.getTime() / ms) + 1) * ms) };
}

function byCron(name: string, { cron, zone = "UTC" }: CronTiming): Occurrences {
	checkZone(name, zone);
	const parsed = parse(name, cron, zone);
	const after = (time: Date): Date | undefined => parsed.nextRun(time) ?? undefined;
	if (after(new Date()) === undefined) {
		throw new TypeError(`the schedule "${name}" never runs again: no time to come fits "${cron}"`);
	}
	return { text: `${cron} ${zone}`, after };
}

function parse(name: string, cron: string, zone: string): Cron {
	// An app without schedules does not load it, and a mistake is told where it is written.
	const croner = createRequire(import.meta.url)("croner") as typeof import("croner");
	try {
		return new croner.Cron(cron, { timezone: zone, paused: true, mode: "5-or-6-parts" });
	} catch (error) {
		const fault = (error as Error).message;
		throw new TypeError(`the schedule "${name}" cannot run at "${cron}": ${fault}`);
	}
}

function checkZone(name: string, zone: string): void {
	try {
		new Intl.DateTimeFormat("en", { timeZone: zone });
	} catch {
		throw new TypeError(
			`the schedule "${name}" is in the time zone "${zone}", which is unknown; zones are such as "Europe/Vienna" or "UTC"`,
		);
	}
}
