import type { Context } from "@allium/core";
import { after as later } from "@allium/core/transport";
import {
	AckPolicy,
	type ConsumerConfig,
	type ConsumerInfo,
	DeliverPolicy,
	ReplayPolicy,
} from "@nats-io/jetstream";
import { type NatsConnection as Client, createInbox, nanos, nuid } from "@nats-io/transport-node";
import { unavailable } from "../failure.ts";
import type { EventStream, StoredMessage } from "./event-stream.ts";
import { Pull, type Pulled, type PullRequest } from "./pull.ts";

/** The server forgets a consumer that is not asked for more after this time, in milliseconds. */
const forgottenMs = 30_000;
/** A consumer that rested for this long is not used any more, in milliseconds, because the server may have forgotten it. */
export const restMs = 20_000;
/**
 * How long the server may be silent before it is looked for messages in another way, in milliseconds. Servers of 2.9
 * count wrongly where messages were removed, and then answer only when there are more.
 */
const silentMs = [500, 1_000, 2_000] as const;

/** How much is read at once. */
export interface ReadingBounds {
	readonly messages: number;
	readonly bytes: number;
}

/** What was read. */
export interface ReadingPage {
	readonly messages: readonly StoredMessage[];
	/** Whether there was no more behind them. */
	readonly isComplete: boolean;
}

/** A consumer on the server. */
interface Consumer {
	readonly name: string;
	readonly lossCount: number;
	readonly usedAt: number;
	/** How many messages it has delivered. */
	readonly delivered: number;
}

/**
 * Reads a stream in order from a place on, page by page. It acknowledges nothing: who reads keeps its place itself. On
 * the server it is a consumer in memory that goes when it is not used any more. After a failure another one goes on at
 * the same place.
 */
export class StreamReading {
	readonly #stream: EventStream;
	readonly #filters: readonly string[];
	#after: number;
	#consumer: Consumer | undefined;

	/** @param filters The subjects that it reads. Servers before 2.10 take one. */
	constructor(stream: EventStream, filters: readonly string[], after: number) {
		this.#stream = stream;
		this.#filters = filters;
		this.#after = after;
	}

	/**
	 * The next messages that are there now; none when there are none. A message that is larger than the bound comes
	 * alone.
	 */
	async next(bounds: ReadingBounds, ctx?: Context): Promise<ReadingPage> {
		for (const patienceMs of silentMs) {
			const { messages, end } = await this.#ask(bounds, patienceMs, ctx);
			this.#after = messages.at(-1)?.sequence ?? this.#after;
			if (end !== "amiss" || messages.length > 0) return { messages, isComplete: end === "complete" };
			if (!(await this.#hasMore(ctx))) return { messages, isComplete: true };
		}
		throw unavailable(
			`the NATS server at ${this.#stream.connection.place} does not tell what the stream ${this.#stream.name} holds`,
		);
	}

	/** Lets the server forget it. */
	async end(): Promise<void> {
		const consumer = this.#consumer;
		if (consumer === undefined) return;
		this.#consumer = undefined;
		await forget(this.#stream, consumer.name);
	}

	async #ask(bounds: ReadingBounds, patienceMs: number, ctx: Context | undefined): Promise<Pulled> {
		const consumer = this.#usable ?? (await this.#open(ctx));
		// What arrives after a failure would be missing in the next page.
		this.#consumer = undefined;
		let pulled = await this.#pull(
			consumer,
			{ batch: bounds.messages, max_bytes: bounds.bytes, no_wait: true },
			patienceMs,
			ctx,
		);
		if (pulled.end === "too large")
			pulled = await this.#pull(consumer, { batch: 1, no_wait: true }, patienceMs, ctx);
		if (pulled.end !== "amiss") {
			const delivered = consumer.delivered + pulled.messages.length;
			this.#consumer = { ...consumer, delivered, usedAt: performance.now() };
		}
		return pulled;
	}

	/** The consumer, as long as the server is sure to know it. */
	get #usable(): Consumer | undefined {
		const { isUp, lossCount } = this.#stream.connection;
		const consumer = this.#consumer;
		if (!isUp || consumer?.lossCount !== lossCount) return undefined;
		return performance.now() - consumer.usedAt < restMs ? consumer : undefined;
	}

	async #open(ctx: Context | undefined): Promise<Consumer> {
		const { lossCount } = this.#stream.connection;
		const { name } = await addConsumer(this.#stream, this.#filters, this.#after, ctx);
		return { name, lossCount, usedAt: performance.now(), delivered: 0 };
	}

	async #hasMore(ctx: Context | undefined): Promise<boolean> {
		const next = await Promise.all(
			this.#filters.map((filter) => this.#stream.next(this.#after, filter, ctx)),
		);
		return next.some((message) => message !== undefined);
	}

	#pull(
		consumer: Consumer,
		request: PullRequest,
		patienceMs: number,
		ctx: Context | undefined,
	): Promise<Pulled> {
		const { connection, name } = this.#stream;
		const subject = `$JS.API.CONSUMER.MSG.NEXT.${name}.${consumer.name}`;
		return connection.run(
			(client) => pull(client, subject, { request, patienceMs, delivered: consumer.delivered }),
			{ ctx },
		);
	}
}

/** How many messages there are behind a place. */
export async function countAfter(
	stream: EventStream,
	filter: string,
	after: number,
	ctx: Context,
): Promise<number> {
	const { name, num_pending } = await addConsumer(stream, [filter], after, ctx);
	void forget(stream, name);
	return num_pending;
}

/** The place behind which all lies that was stored at a time or later. */
export async function placeBefore(
	stream: EventStream,
	filter: string,
	time: Date,
	ctx: Context,
): Promise<number> {
	const { name, delivered } = await addConsumer(stream, [filter], time, ctx);
	void forget(stream, name);
	return delivered.stream_seq;
}

/** Asks a consumer for messages. Bounded by who calls. */
async function pull(
	client: Client,
	subject: string,
	options: { readonly request: PullRequest; readonly patienceMs: number; readonly delivered: number },
): Promise<Pulled> {
	const { request, patienceMs, delivered } = options;
	const pulling = new Pull(request, delivered);
	const inbox = createInbox();
	const subscription = client.subscribe(inbox, {
		callback: (error, message) => pulling.take(error, message),
	});
	void subscription.closed.then(() => pulling.fail(unavailable("the reading was broken off")));
	const timer = later(patienceMs, () => pulling.end("amiss"));
	try {
		client.publish(subject, JSON.stringify(request), { reply: inbox });
		return await pulling.ended;
	} finally {
		timer.stop();
		subscription.unsubscribe();
	}
}

function addConsumer(
	stream: EventStream,
	filters: readonly string[],
	after: number | Date,
	ctx: Context | undefined,
): Promise<ConsumerInfo> {
	const [filter = ""] = filters;
	const start: Partial<ConsumerConfig> =
		typeof after === "number"
			? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 }
			: { deliver_policy: DeliverPolicy.StartTime, opt_start_time: after.toISOString() };
	return stream.connection.run(
		async () =>
			(await stream.manager()).consumers.add(stream.name, {
				...start,
				name: nuid.next(),
				ack_policy: AckPolicy.None,
				replay_policy: ReplayPolicy.Instant,
				inactive_threshold: nanos(forgottenMs),
				mem_storage: true,
				num_replicas: 1,
				...(filters.length === 1 ? { filter_subject: filter } : { filter_subjects: [...filters] }),
			}),
		{ ctx },
	);
}

/** Lets the server forget a consumer. Fails silently, because the server does so in any case. */
async function forget(stream: EventStream, consumer: string): Promise<void> {
	const deleting = stream.connection.run(async () =>
		(await stream.manager()).consumers.delete(stream.name, consumer),
	);
	await deleting.catch(() => {});
}
