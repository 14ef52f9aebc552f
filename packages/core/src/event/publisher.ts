import { causeOf, effectName, type Operation } from "../context/cause.ts";
import { Context, isContext } from "../context/context.ts";
import type { AnyEvent, EventValue } from "../contract/event.ts";
import { whileLasts } from "../endpoint/detached-call.ts";
import { backendError } from "../errors/backend-error.ts";
import { kindOf, Mistake } from "../errors/mistake.ts";
import { ServiceError } from "../errors/service-error.ts";
import { isObject } from "../json/is-object.ts";
import type { Broker, BrokerTopic } from "./broker.ts";
import { ByteQueue } from "./byte-queue.ts";
import { EventIds } from "./event-ids.ts";
import type { EventRecord } from "./event-record.ts";
import { eventText } from "./event-text.ts";
import type { Receipt, TopicOptions } from "./log.ts";
import { listOf } from "./messaging-facts.ts";
import type { Publish, PublishMiddleware } from "./publish.ts";
import { publishDefaults } from "./publish-defaults.ts";
import { Sendings } from "./sendings.ts";
import { stamped } from "./stamped.ts";
import { timeText } from "./time-text.ts";
import { validEvents } from "./valid-event.ts";

/** How a {@link Publisher} works. */
export interface PublisherOptions {
	readonly broker: Pick<Broker, "open" | "location">;
	/** The app that publishes. */
	readonly source: string;
	/** Why the events of a contract must not be published here; undefined where they may. Default: all may. */
	readonly whyNot?: (topic: string) => string | undefined;
	/** Wraps each publication, outermost first. Default: {@link publishDefaults}. */
	readonly middleware?: readonly PublishMiddleware[] | undefined;
	/** How many bytes of events are on their way at once. Further ones wait. Default: 16 MiB. */
	readonly maxBytes?: number | undefined;
	/** How the topic of a contract is made, where it is missing. */
	readonly topics?: Readonly<Record<string, TopicOptions>> | undefined;
	/** Called when events are published without a context. */
	readonly onMissingContext?: ((event: AnyEvent) => void) | undefined;
}

/** An event that is on its way, and has its id. */
type Identified = EventValue & { readonly id: string };

const defaultMaxBytes = 16 * 1024 * 1024;

/** How long a topic may take to be opened, in milliseconds. */
const openTimeoutMs = 10_000;

/**
 * Publishes events through a broker. Publications of one topic arrive in the order of their calls, unless one of them
 * has to be tried again.
 */
export class Publisher {
	readonly #options: PublisherOptions;
	readonly #ids = new EventIds();
	readonly #queue: ByteQueue;
	readonly #sendings = new Sendings();
	readonly #chain: Publish;
	readonly #topics = new Map<string, Promise<BrokerTopic>>();
	/** The topics that are open. Publishing to them waits for nothing. */
	readonly #opened = new Map<string, BrokerTopic>();
	/** How many publications wait for a topic. */
	#waiting = 0;
	/** How many publications are on their way. */
	#onTheWay = 0;
	#drained: PromiseWithResolvers<void> | undefined;

	constructor(options: PublisherOptions) {
		const { middleware = publishDefaults().middleware, maxBytes = defaultMaxBytes } = options;
		this.#options = options;
		this.#queue = new ByteQueue(maxBytes);
		this.#chain = middleware.reduceRight<Publish>((next, outer) => outer(next), this.#append);
	}

	readonly publish: Publish = async (events, given) => {
		this.#onTheWay++;
		const begun: Operation[] = [];
		try {
			const ctx = given ?? Context.background();
			const batch = this.#begin(events, given, begun);
			return batch.length === 0 ? [] : await this.#chain(batch, ctx);
		} catch (error) {
			for (const operation of begun) operation.failed();
			throw error;
		} finally {
			this.#onTheWay--;
			if (this.#onTheWay === 0) this.#tellDrained();
		}
	};

	/** Opens the topic of a contract, and makes it if it is missing. A failure is forgotten: the next use tries again. */
	open(topic: string): Promise<BrokerTopic> {
		let opening = this.#topics.get(topic);
		if (opening === undefined) {
			const { broker, topics = {} } = this.#options;
			const ctx = Context.background().withTimeout(openTimeoutMs);
			const options = Object.hasOwn(topics, topic) ? (topics[topic] ?? {}) : {};
			opening = whileLasts(broker.open(topic, options, ctx), ctx);
			this.#topics.set(topic, opening);
			opening.catch(() => this.#topics.delete(topic));
		}
		return opening;
	}

	/** Resolves when all that is on its way has arrived or failed. */
	async drained(): Promise<void> {
		while (this.#onTheWay > 0) {
			this.#drained ??= Promise.withResolvers();
			await this.#drained.promise;
		}
	}

	#tellDrained(): void {
		this.#drained?.resolve();
		this.#drained = undefined;
	}

	/**
	 * Gives each event its id, outside of everything that may try again.
	 *
	 * @param begun gets the operations of events that follow from a cause.
	 */
	#begin(
		events: EventValue | readonly EventValue[],
		given: Context | undefined,
		begun: Operation[],
	): readonly Identified[] {
		const batch = checkedBatch(events);
		const [first] = batch;
		if (first === undefined) return [];
		if (given !== undefined && !isContext(given)) throw wrongContext(given);
		this.#check(first.topic, batch);
		if (given === undefined) this.#options.onMissingContext?.(first.of);
		return batch.map((event) => {
			const operation = given && beginning(event, given);
			if (operation !== undefined) begun.push(operation);
			return this.#identified(event, operation);
		});
	}

	/** The end of the chain: the broker. */
	readonly #append: Publish = async (events, ctx = Context.background()) => {
		const batch = checkedBatch(events).map((event) => this.#identified(event));
		const [first] = batch;
		if (first === undefined) return [];
		// While others wait for a topic, this waits, too: it must not overtake them.
		let topic = this.#waiting === 0 ? this.#opened.get(first.topic) : undefined;
		if (topic === undefined) {
			this.#waiting++;
			try {
				topic = await whileLasts(this.open(first.topic), ctx);
			} finally {
				this.#waiting--;
			}
			this.#opened.set(first.topic, topic);
		}
		if (ctx.error !== undefined) throw ctx.error;
		const { source, broker } = this.#options;
		const valid = validEvents(batch);
		const records = (valid instanceof Promise ? await valid : valid).map(([event, parts]) =>
			stamped(event, parts, source, ctx),
		);
		checkDelay(records, topic, broker.location);
		const bytes = bytesOf(records, topic.features.maxEventBytes);
		const send = (): Promise<readonly Receipt[]> =>
			this.#sendings.run(ctx, (ctx) => topic.publish(records, ctx));
		return this.#queue.run(bytes, ctx, send, (error) =>
			error.code === "deadline_exceeded" ? queueFull(first.topic, bytes) : error,
		);
	};

	/** Events that middleware added have no id yet. */
	#identified(event: EventValue, operation?: Operation): Identified {
		return hasId(event) ? event : { ...event, id: operation?.id ?? this.#ids.next() };
	}

	/** @throws ServiceError for events that this app must not publish. */
	#check(topic: string, batch: readonly EventValue[]): void {
		const why = this.#options.whyNot?.(topic);
		if (why !== undefined) {
			throw new ServiceError({ code: "permission_denied", reason: "not_publisher", message: why });
		}
		const hidden = batch.find(({ of }) => of.private);
		if (hidden !== undefined) {
			throw refused(`${hidden.type} is private: it stays in the store of its service, and is not published`);
		}
	}
}

/** @throws Mistake for a value that is no event; ServiceError for events of several topics. */
function checkedBatch(events: EventValue | readonly EventValue[]): readonly EventValue[] {
	const batch = listOf(events);
	for (const event of batch) if (!isEvent(event)) throw noEvent(event);
	if (batch.some(({ topic }) => topic !== batch[0]?.topic)) {
		const names = [...new Set(batch.map(({ topic }) => topic))].join(" and ");
		throw refused(
			`events that are published together are of one contract, and these are of ${names}; publish them one after another`,
		);
	}
	return batch;
}

function isEvent(value: unknown): boolean {
	return isObject(value) && typeof value.topic === "string" && typeof value.of === "function";
}

function hasId(event: EventValue): event is Identified {
	return event.id !== undefined;
}

function noEvent(value: unknown): Mistake {
	return new Mistake(
		`publish() takes events, such as Matches.started({ id }), and was given ${nameOf(value)}`,
		{ stack: true },
	);
}

function nameOf(value: unknown): string {
	const { type, kind } = typeof value === "function" ? (value as Partial<AnyEvent>) : {};
	return kind === "event" ? `${type} without its data` : kindOf(value);
}

function wrongContext(given: unknown): Mistake {
	return new Mistake(`publish() was given ${kindOf(given)} as its second argument, which is a context`, {
		stack: true,
	});
}

/** An event that follows from a cause has an id that follows from the cause, too. */
function beginning(event: EventValue, ctx: Context): Operation | undefined {
	if (event.id !== undefined) return undefined;
	return causeOf(ctx)?.begin(event.type, event.data, ctx.get(effectName));
}

/** @throws ServiceError for an event that the broker cannot delay, or that would be gone before its time comes. */
function checkDelay(records: readonly EventRecord[], topic: BrokerTopic, location: string | undefined): void {
	for (const { type, notBefore } of records) {
		if (notBefore === undefined) continue;
		if (!topic.features.delay) throw noDelay(type, location);
		if (Date.parse(notBefore) - Date.now() >= topic.retainMs) throw gone(type, notBefore, topic);
	}
}

function noDelay(type: string, location = "the broker"): ServiceError {
	return backendError({
		code: "failed_precondition",
		reason: "no_delay",
		message: `${type} is to be handled later, but ${location} cannot delay events; publish it when it is due, or use another broker`,
	});
}

/** A topic does not keep an event for longer because it is to be handled later. */
function gone(type: string, notBefore: string, { topic, retainMs }: BrokerTopic): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "beyond_retention",
		message: `${type} would be gone before ${notBefore}: ${topic} keeps events for ${timeText(retainMs)}; publish it later, or make the topic with a longer retention`,
	});
}

/** An estimate that costs little: a UTF-16 unit counts as a byte. */
function bytesOf(records: readonly EventRecord[], maxEventBytes: number): number {
	let bytes = 0;
	for (const record of records) bytes += eventText(record, maxEventBytes).length;
	return bytes;
}

function queueFull(topic: string, bytes: number): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		reason: "publish_queue_full",
		message: `${bytes} bytes of events of ${topic} waited for their turn until the deadline, and were not sent: more is published than the broker takes`,
	});
}

function refused(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
