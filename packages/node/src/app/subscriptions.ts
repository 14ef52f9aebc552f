import { type Checker, Context, checker, type Logger } from "@allium/core";
import {
	type BegunSubscription,
	type Broker,
	type Consumer,
	GroupMetrics,
	type MeasuredGroup,
	type Subscription,
} from "@allium/core/event";
import { whileLasts } from "@allium/core/transport";
import { begin } from "./begin.ts";
import type { Part } from "./part.ts";
import { skippedEvents } from "./skipped-events.ts";

/** The work of a group: a subscription that handles its events, or a relay that forwards them. */
export type GroupWork = Pick<Subscription, "id" | "options" | "begin">;

/** Options of {@link Subscriptions}. */
export interface SubscriptionsOptions {
	readonly broker: Broker;
	readonly logger: Logger;
	/** How long events in hand may take when the process stops, in milliseconds. */
	readonly gracePeriodMs: number;
}

/**
 * The groups of a process. They begin when it can be called, and before others find it: events that follow from calls
 * then find their groups. When it stops, they end while others still find it, because handlers may need services of
 * their own process. See {@link Subscriptions.inHand}.
 */
export class Subscriptions implements Part, Iterable<MeasuredGroup> {
	readonly name: string = "the subscriptions";
	readonly #options: SubscriptionsOptions;
	readonly #subscriptions = new Map<string, GroupWork>();
	readonly #consumers = new Map<GroupWork, Consumer>();
	readonly #metrics = new GroupMetrics(this);
	/** The part that comes after the registration. It takes no further events, and finishes the events in hand. */
	readonly inHand: Part = { name: "the events in hand", drain: () => this.#drain() };
	#isEnding = false;

	constructor(options: SubscriptionsOptions) {
		this.#options = options;
	}

	/** Whether there are none. */
	get isEmpty(): boolean {
		return this.#subscriptions.size === 0;
	}

	/**
	 * Adds a group, before `start`.
	 *
	 * @returns the check of its health.
	 * @throws TypeError when the process works on the group already.
	 */
	add(subscription: GroupWork): Checker {
		const { topic, group } = subscription.id;
		const name = `${topic}/${group}`;
		if (this.#subscriptions.has(name)) {
			throw new TypeError(
				`the group "${group}" handles "${topic}" already; put both handlers into one object, or name another group`,
			);
		}
		this.#subscriptions.set(name, subscription);
		const { critical } = subscription.options;
		const check = (ctx: Context): Promise<Record<string, string>> => this.#check(subscription, ctx);
		// A check that decides the status in the registry runs at an interval; any other runs on request.
		return { ...checker("group", check, { critical, inBand: !critical }), name };
	}

	/** The groups at work. */
	*[Symbol.iterator](): Iterator<MeasuredGroup> {
		for (const [{ id }, consumer] of this.#consumers) yield { id, consumer };
	}

	/** Rejects with the first failure, once each group has begun or failed. */
	async start(ctx: Context): Promise<void> {
		const { location } = this.#options.broker;
		const beginning = Array.from(this.#subscriptions.values(), (each) => {
			const { group, topic } = each.id;
			return begin(`the group "${group}" of "${topic}" on ${location}`, this.#begin(each, ctx));
		});
		await Promise.allSettled(beginning);
		await Promise.all(beginning);
		if (!this.isEmpty) this.#metrics.start();
	}

	async stop(): Promise<void> {
		this.#metrics.stop();
		await all(Array.from(this.#consumers.values(), (consumer) => consumer.close()));
		this.#consumers.clear();
	}

	async #drain(): Promise<void> {
		this.#isEnding = true;
		const { gracePeriodMs } = this.#options;
		const ctx = Context.background().withTimeout(gracePeriodMs);
		try {
			await all(Array.from(this.#consumers.values(), (consumer) => whileLasts(consumer.drain(ctx), ctx)));
		} catch (error) {
			if (ctx.error === undefined) throw error;
			throw new Error(`handlers still ran after ${gracePeriodMs} ms; their events are handled again`);
		}
	}

	async #begin(subscription: GroupWork, ctx: Context): Promise<void> {
		const { broker, logger } = this.#options;
		const skipped = await whileLasts(skippedEvents(broker, subscription, ctx), ctx);
		const begun = await subscription.begin(broker, ctx);
		this.#consumers.set(subscription, begun.consumer);
		logger.log("info", "events are handled", factsOf(subscription, begun, broker));
		if (skipped === 0) return;
		const facts = { ...subscription.id, skipped };
		logger.log("info", 'a new group begins now; from: "start" takes what was published before', facts);
	}

	async #check(subscription: GroupWork, ctx: Context): Promise<Record<string, string>> {
		this.#metrics.start();
		const consumer = this.#consumers.get(subscription);
		if (consumer === undefined) throw new Error("it has not begun");
		const { trouble, ...facts } = await consumer.report(ctx);
		if (trouble !== undefined && !this.#isEnding) throw new Error(trouble);
		return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)]));
	}
}

/** Waits for all, and rejects with the first failure. */
async function all(promises: readonly Promise<unknown>[]): Promise<void> {
	await Promise.allSettled(promises);
	await Promise.all(promises);
}

/** The facts and the guarantees of a group, for people to read. */
function factsOf(
	{ id, options }: GroupWork,
	{ guarantees }: BegunSubscription,
	{ location }: Broker,
): Readonly<Record<string, unknown>> {
	if (options.each) return { ...id, broker: location, each: true, durable: false };
	const { order, park, fenced } = guarantees;
	return { ...id, broker: location, order, park, fenced };
}
