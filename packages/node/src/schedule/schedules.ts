import {
	type AnyContract,
	type Context,
	contract,
	delivery,
	event,
	isServiceError,
	type Logger,
	type Schema,
} from "@allium/core";
import { Subscription, stamped } from "@allium/core/event";
import type { EventStore, StreamEvent } from "@allium/core/store";
import { checkDuration, whileLasts } from "@allium/core/transport";
import { type Schedule, type TickHandler, withTiming } from "./schedule.ts";
import { occurrencesOf, type Timing } from "./timing.ts";

/** How long a run may take, in milliseconds, where the schedule does not say. */
const defaultTimeoutMs = 10 * 60_000;

/** A run that begins later than this is one of a time that was missed, in milliseconds. */
const punctualMs = 60_000;

/** How often a start looks at the next time of a schedule, while others append to its stream. */
const mostLooks = 10;

/** The data of an event in the stream of a schedule. Each time is recorded before it comes. */
interface TickData {
	/** In ISO 8601. */
	readonly at: string;
	/** The version of the stream with it. */
	readonly version: number;
	/** The timing that it belongs to. */
	readonly timing: string;
	/** Whether it replaces the time before it, because the timing has changed. */
	readonly replaces?: boolean;
}

/** The place of a schedule's next time in the stream, and the bounds of that time. */
interface NextPlace {
	/** The version of the stream before it. */
	readonly version: number;
	/** It is later than this. */
	readonly after: Date;
	/** It is earlier than this. Default: no end. */
	readonly before?: Date;
	/** Whether it replaces the time before it. */
	readonly replaces?: boolean;
}

/** The parts of an app that its schedules need. */
export interface SchedulesOptions {
	/** The name of the app. */
	readonly name: string;
	readonly store: EventStore;
	readonly logger: Logger;
}

/**
 * The schedules of an app. Each schedule is a stream of the event store, and its events are the times. As soon as one
 * time has come, the next is appended, to be handled when it comes. If several processes race to append it, the version
 * of the stream ensures that only one succeeds. The group that handles the events ensures that one process runs each
 * time.
 */
export class Schedules {
	readonly #options: SchedulesOptions;
	readonly #schedules = new Map<string, Schedule>();

	constructor(options: SchedulesOptions) {
		this.#options = options;
	}

	get isEmpty(): boolean {
		return this.#schedules.size === 0;
	}

	/** @throws TypeError or RangeError for arguments that cannot be used. */
	add(name: string, timing: Timing, handler: TickHandler): void {
		const { missed = "once", timeoutMs = defaultTimeoutMs } = timing;
		if (this.#schedules.has(name)) throw new TypeError(`there are two schedules of the name "${name}"`);
		if (typeof handler !== "function") throw new TypeError(`the schedule "${name}" has no function to run`);
		if (missed !== "once" && missed !== "skip") {
			throw new TypeError(
				`missed of the schedule "${name}" is "once" or "skip", and was given ${String(missed)}`,
			);
		}
		checkDuration(`timeoutMs of the schedule "${name}"`, timeoutMs, "positive");
		const occurrences = occurrencesOf(name, timing);
		contractOf(this.topic, [name]);
		this.#schedules.set(name, { name, occurrences, missed, timeoutMs, handler });
	}

	get topic(): string {
		return `schedule.${this.#options.name}`;
	}

	/** The group that runs them. */
	subscription(): Subscription {
		const names = [...this.#schedules.keys()];
		const handlers = Object.fromEntries(
			names.map((name) => [name, (data: unknown, ctx: Context) => this.#tick(name, data as TickData, ctx)]),
		);
		const timeoutMs =
			Math.max(...Array.from(this.#schedules.values(), (schedule) => schedule.timeoutMs)) + 10_000;
		return new Subscription(contractOf(this.topic, names), handlers, {
			group: this.topic,
			from: "start",
			park: "event",
			timeoutMs,
			logger: this.#options.logger,
		});
	}

	/** Sees to it that each schedule has its next time. */
	async begin(ctx: Context): Promise<void> {
		await Promise.all(Array.from(this.#schedules.values(), (schedule) => this.#begin(schedule, ctx)));
	}

	async #begin(schedule: Schedule, ctx: Context): Promise<void> {
		// Another process may have been faster, with another clock. So what lies there is looked at again.
		for (let look = 0; look < mostLooks; look++) {
			if (!(await this.#provide(schedule, ctx))) return;
		}
	}

	/** Appends the next time of a schedule where it is missing or wrong. Returns whether it was. */
	async #provide(schedule: Schedule, ctx: Context): Promise<boolean> {
		const { events, version } = await this.#options.store.read(
			this.#streamOf(schedule),
			{ backwards: true, limit: 1 },
			ctx,
		);
		// Not before the answer: another process may have run a late time meanwhile, and appended the next one.
		const now = new Date();
		const last = events[0]?.event.data as TickData | undefined;
		if (last === undefined) return (await this.#append(schedule, { after: now, version }, ctx)) !== undefined;
		const isOver = Date.parse(last.at) <= now.getTime();
		if (last.timing !== schedule.occurrences.text) {
			// What is over runs all the same.
			const place = { after: now, version, ...(!isOver && { replaces: true }) };
			return (await this.#append(schedule, place, ctx)) !== undefined;
		}
		if (isOver) return false;
		return this.#takeBack(schedule, { after: now, before: new Date(last.at), version }, ctx);
	}

	/**
	 * Replaces a next time that is too late by the first that has not run. A clock that was ahead leaves such a time,
	 * perhaps by years: nothing would run until it comes.
	 *
	 * @returns whether it was too late.
	 */
	async #takeBack(
		schedule: Schedule,
		place: Required<Omit<NextPlace, "replaces">>,
		ctx: Context,
	): Promise<boolean> {
		const to = await this.#append(schedule, { ...place, replaces: true }, ctx);
		if (to === undefined) return false;
		const from = place.before.toISOString();
		this.#options.logger.log("warn", aheadMessage, { schedule: schedule.name, from, to });
		return true;
	}

	async #tick(name: string, { at, version, timing }: TickData, ctx: Context): Promise<void> {
		const own = this.#schedules.get(name);
		if (own === undefined) return;
		const schedule = withTiming(own, timing);
		const now = Date.now();
		const time = new Date(at);
		let next = await this.#successor(schedule, version, ctx);
		if (next === undefined) {
			// The next time is appended first, so that it comes regardless of the outcome of this run.
			await this.#append(schedule, { after: new Date(Math.max(now, time.getTime())), version }, ctx);
			next = await this.#successor(schedule, version, ctx);
		}
		const following = next?.event.data as TickData | undefined;
		if (following?.replaces === true) return;
		if (next !== undefined && following?.timing === schedule.occurrences.text) {
			// The clock may have been set right since the next time was chosen.
			const after = new Date(Math.max(Date.now(), time.getTime()));
			await this.#takeBack(schedule, { after, before: new Date(following.at), version: next.version }, ctx);
		}
		const { attempt, isReplay } = delivery(ctx);
		const isLate = now - time.getTime() > punctualMs;
		if (schedule.missed === "skip" && isLate && attempt === 1 && !isReplay) {
			this.#options.logger.log("info", "a schedule skips a time that was missed", { schedule: name, at });
			return;
		}
		const running = ctx.withTimeout(schedule.timeoutMs);
		await whileLasts(Promise.try(schedule.handler, { name, at: time }, running), running);
	}

	async #successor(schedule: Schedule, version: number, ctx: Context): Promise<StreamEvent | undefined> {
		const range = { after: version, limit: 1 };
		return (await this.#options.store.read(this.#streamOf(schedule), range, ctx)).events[0];
	}

	/**
	 * Appends the first time that has not run, unless somebody was faster.
	 *
	 * @returns the time; undefined when there is none before the end.
	 */
	async #append(schedule: Schedule, place: NextPlace, ctx: Context): Promise<string | undefined> {
		const { occurrences } = schedule;
		const end = place.before?.getTime() ?? Number.POSITIVE_INFINITY;
		let time = occurrences.after(place.after);
		for (; time !== undefined && time.getTime() < end; time = occurrences.after(time)) {
			const at = time.toISOString();
			if (await this.#appendTick(schedule, at, place, `@${at}`, ctx)) return at;
			if (await this.#hasRun(schedule, at, ctx)) continue;
			// It lies in the stream, but was replaced: the timing was another meanwhile, or the clock was ahead.
			await this.#appendTick(schedule, at, place, `@${at}#${place.version}`, ctx);
			return at;
		}
		return undefined;
	}

	/** Returns false when the stream has the time already. */
	async #appendTick(
		{ name, occurrences }: Schedule,
		at: string,
		{ version: before, replaces }: NextPlace,
		suffix: string,
		ctx: Context,
	): Promise<boolean> {
		const { name: app, store } = this.#options;
		const { topic } = this;
		const [of] = contractOf(topic, [name])["~allium"].events;
		if (of === undefined) return true;
		const version = before + 1;
		const data: TickData = { at, version, timing: occurrences.text, ...(replaces && { replaces }) };
		const value = { type: of.type, topic, name, data, of, id: `${app}/${name}${suffix}`, notBefore: at };
		const record = stamped(value, { data, key: name }, app, ctx);
		const stream = this.#streamOf({ name });
		try {
			await store.append([{ stream, topic, expected: before, events: [record] }], ctx);
		} catch (error) {
			if (isServiceError(error) && error.code === "already_exists") return false;
			if (!isServiceError(error) || error.code !== "aborted") throw error;
		}
		return true;
	}

	/** Whether a time that lies in the stream was not replaced. */
	async #hasRun(schedule: Schedule, at: string, ctx: Context): Promise<boolean> {
		const stream = this.#streamOf(schedule);
		let isReplaced = false;
		for (let after: number | undefined; ; ) {
			const range = { backwards: true, ...(after !== undefined && { after }) };
			const { events, more } = await this.#options.store.read(stream, range, ctx);
			for (const { event, version } of events) {
				const data = event.data as TickData;
				if (data.at === at) return !isReplaced;
				isReplaced = data.replaces === true;
				after = version;
			}
			if (!more || events.length === 0) return true;
		}
	}

	#streamOf({ name }: Pick<Schedule, "name">): string {
		return `schedule/${this.#options.name}/${name}`;
	}
}

const aheadMessage =
	"the clock was ahead when a schedule last ran, so that its next time was too late: it runs at an earlier one instead";

function contractOf(topic: string, names: readonly string[]): AnyContract {
	return contract(topic, Object.fromEntries(names.map((name) => [name, event<Schema>({ data: anything })])));
}

/** A schema that accepts everything as it is. */
const anything: Schema = {
	"~standard": {
		version: 1,
		vendor: "allium",
		validate: (value: unknown) => ({ value }),
		...{ jsonSchema: { input: () => ({}), output: () => ({}) } },
	},
};
