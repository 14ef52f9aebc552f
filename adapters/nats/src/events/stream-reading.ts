import type { Context } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import {
	AckPolicy,
	type ConsumerConfig,
	type ConsumerInfo,
	DeliverPolicy,
	ReplayPolicy,
} from "@nats-io/jetstream";
import { nanos, nuid } from "@nats-io/transport-node";
import type { EventStream, StoredMessage } from "./event-stream.ts";
import { Inflow, type Inflowing, type PullRequest, type ReadingBounds } from "./inflow.ts";

/** The server forgets a consumer that is not asked for more after this time, in milliseconds. */
const forgottenMs = 30_000;
/** A consumer that rested for this long is not used any more, in milliseconds, because the server may have forgotten it. */
export const restMs = 20_000;
/**
 * How long the server may be silent before it is looked for messages in another way, in milliseconds. Servers of 2.9
 * count wrongly where messages were removed, and then answer only when there are more.
 */
const silentMs = [500, 1_000, 2_000] as const;

/** How much is asked for while a page is handled, in bytes. */
const mostAheadBytes = 256 * 1024;

/** The messages that were read. */
export interface ReadingPage {
	readonly messages: readonly StoredMessage[];
	/** Whether there was no more behind them. */
	readonly isComplete: boolean;
}

/** A consumer on the server. */
interface Consumer {
	readonly name: string;
	readonly inflow: Inflow;
	readonly lossCount: number;
	usedAt: number;
}

/**
 * Reads a stream in order from a place on, page by page. It acknowledges nothing: the reader keeps its place itself. On
 * the server it is a consumer in memory that goes when it is not used any more. After a failure another one goes on at
 * the same place. One page at a time may be asked for.
 */
export class StreamReading {
	readonly #stream: EventStream;
	readonly #filter: string;
	#after: number;
	#consumer: Consumer | undefined;

	/** @param filter The subjects that it reads: one filter, because several cost the server far more. */
	constructor(stream: EventStream, filter: string, after: number) {
		this.#stream = stream;
		this.#filter = filter;
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
		const { connection, name } = this.#stream;
		throw unavailable(`the NATS server at ${connection.place} does not tell what the stream ${name} holds`);
	}

	/** Lets the server forget it. */
	async end(): Promise<void> {
		const consumer = this.#consumer;
		this.#drop();
		if (consumer !== undefined) await forget(this.#stream, consumer.name);
	}

	async #ask(bounds: ReadingBounds, patienceMs: number, ctx: Context | undefined): Promise<Inflowing> {
		if (!this.#isUsable) this.#drop();
		this.#consumer ??= await this.#open(ctx);
		const { inflow } = this.#consumer;
		try {
			const taken = await this.#stream.connection.run(() => ask(inflow, bounds, patienceMs), { ctx });
			this.#consumer.usedAt = performance.now();
			if (taken.end === "amiss") this.#drop();
			else if (taken.end === "full" && !inflow.hasMore) inflow.ask(ahead(bounds), patienceMs);
			return taken;
		} catch (error) {
			this.#drop();
			throw error;
		}
	}

	/** Whether the server is sure to know the consumer. */
	get #isUsable(): boolean {
		const { isUp, lossCount } = this.#stream.connection;
		const consumer = this.#consumer;
		if (!isUp || consumer?.lossCount !== lossCount || consumer.inflow.isAmiss) return false;
		return performance.now() - consumer.usedAt < restMs;
	}

	#drop(): void {
		this.#consumer?.inflow.close();
		this.#consumer = undefined;
	}

	async #open(ctx: Context | undefined): Promise<Consumer> {
		const { connection, name: stream } = this.#stream;
		const { lossCount, client } = connection;
		const { name } = await addConsumer(this.#stream, this.#filter, this.#after, ctx);
		const inflow = new Inflow(client, `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`);
		return { name, inflow, lossCount, usedAt: performance.now() };
	}

	async #hasMore(ctx: Context | undefined): Promise<boolean> {
		return (await this.#stream.next(this.#after, this.#filter, ctx)) !== undefined;
	}
}

/** Takes the messages that were requested ahead, and requests the rest. */
async function ask(inflow: Inflow, bounds: ReadingBounds, patienceMs: number): Promise<Inflowing> {
	await inflow.over();
	const ahead = inflow.take(bounds);
	const taken = ahead.messages.reduce((sum, { data }) => sum + data.length, 0);
	const left = { messages: bounds.messages - ahead.messages.length, bytes: bounds.bytes - taken };
	if (ahead.end === "amiss" || inflow.hasMore || left.messages <= 0 || left.bytes <= 0) return ahead;
	inflow.ask({ batch: left.messages, max_bytes: left.bytes, no_wait: true }, patienceMs);
	await inflow.ready();
	let rest = inflow.take(left);
	if (rest.end === "too large" && ahead.messages.length + rest.messages.length === 0) {
		inflow.ask({ batch: 1, no_wait: true }, patienceMs);
		await inflow.ready();
		rest = inflow.take(left);
	}
	return { messages: [...ahead.messages, ...rest.messages], end: rest.end };
}

/** The request that is sent while a page is handled. */
function ahead({ messages, bytes }: ReadingBounds): PullRequest {
	return { batch: messages, max_bytes: Math.min(bytes, mostAheadBytes), no_wait: true };
}

/** How many messages there are behind a place. */
export async function countAfter(
	stream: EventStream,
	filter: string,
	after: number,
	ctx: Context,
): Promise<number> {
	const { name, num_pending } = await addConsumer(stream, filter, after, ctx);
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
	const { name, delivered } = await addConsumer(stream, filter, time, ctx);
	void forget(stream, name);
	return delivered.stream_seq;
}

function addConsumer(
	stream: EventStream,
	filter: string,
	after: number | Date,
	ctx: Context | undefined,
): Promise<ConsumerInfo> {
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
				filter_subject: filter,
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
