import { type Context, isServiceError } from "@allium/core";
import type { Cursors, Placed, TopicLog } from "@allium/core/event";
import { Backoff, sleep, whileLasts } from "@allium/core/transport";

/** How much is read at once. */
const page = { events: 200, bytes: 4 * 1024 * 1024 };

/** How long to wait for more before the topic is read all the same, in milliseconds. */
const longestWaitMs = 3_000;

/** The part of a topic that is followed. */
export interface Followed {
	readonly from: "start" | "now" | Date;
	readonly key: string | undefined;
	/** Takes a sentence about a problem during the reading. */
	readonly warn: (sentence: string) => void;
}

/** The events of a topic, existing and new ones. While the broker does not answer, the request is repeated. */
export async function* followed(
	topic: TopicLog,
	{ from, key, warn }: Followed,
	ctx: Context,
): AsyncGenerator<Placed, never> {
	const bounds = { ...page, ...(key !== undefined && { key }) };
	const steady = new Steady(topic.topic, warn, ctx);
	let cursors: Cursors = await steady.ask(() => topic.at(from, ctx));
	for (;;) {
		const { events, next, lost } = await steady.ask(() => topic.read(cursors, bounds, ctx));
		if (lost.length > 0)
			warn(`${topic.topic}: some events were gone by retention before they could be read.`);
		yield* events;
		cursors = next;
		if (events.length === 0) await steady.ask(() => changedOrLate(topic, cursors, ctx));
	}
}

/**
 * Waits until there may be more. Resolves after a few seconds all the same: a log may go on waiting while its broker is
 * away, and reading tells of that.
 */
async function changedOrLate(topic: TopicLog, cursors: Cursors, ctx: Context): Promise<void> {
	const limited = ctx.withTimeout(longestWaitMs);
	try {
		await whileLasts(topic.changed(cursors, limited), limited);
	} catch (error) {
		if (limited.error === undefined || ctx.error !== undefined) throw error;
	}
}

/** Repeats requests while the broker does not answer, and reports the beginning and the end of the outage. */
class Steady {
	readonly #topic: string;
	readonly #warn: (sentence: string) => void;
	readonly #ctx: Context;
	readonly #backoff = new Backoff({ firstMs: 250, longestMs: 5_000 });
	#isAway = false;

	constructor(topic: string, warn: (sentence: string) => void, ctx: Context) {
		this.#topic = topic;
		this.#warn = warn;
		this.#ctx = ctx;
	}

	async ask<T>(run: () => Promise<T>): Promise<T> {
		for (;;) {
			try {
				const answer = await whileLasts(Promise.try(run), this.#ctx);
				this.#answers();
				return answer;
			} catch (error) {
				if (!isServiceError(error) || error.code !== "unavailable" || this.#ctx.error !== undefined)
					throw error;
				this.#isMissing(error.message);
				await sleep(this.#backoff.next(), this.#ctx);
			}
		}
	}

	#answers(): void {
		if (this.#isAway) this.#warn(`${this.#topic}: the broker answers again.`);
		this.#isAway = false;
		this.#backoff.reset();
	}

	#isMissing(why: string): void {
		if (!this.#isAway) this.#warn(`${this.#topic}: ${why}; asking again until it answers.`);
		this.#isAway = true;
	}
}
