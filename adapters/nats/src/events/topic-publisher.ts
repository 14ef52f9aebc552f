import { type Context, isServiceError, ServiceError } from "@allium/core";
import { cursorAt, type EventRecord, type Receipt } from "@allium/core/event";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { NatsConnection as Client, MsgHdrs } from "@nats-io/transport-node";
import { isJetStreamMissing } from "../failure.ts";
import { cursorOf, type EventMessage, eventHeaders, eventMessage, publishedCursor } from "./event-message.ts";
import type { EventStream } from "./event-stream.ts";
import type { EventPlace, TopicSubjects } from "./topic-subjects.ts";

/** The most events that the server adds all or none. */
const mostInBatch = 1_000;
/** The error code of JetStream for a batch with an id that is there already. */
const duplicateInBatch = 10_201;

/** How a topic is published to. */
export interface PublisherOptions {
	readonly stream: EventStream;
	readonly subjects: TopicSubjects;
	readonly lanes: number;
	/** Whether the server adds several messages all or none. */
	readonly isAtomic: boolean;
	readonly maxEventBytes: number;
	/** Makes the stream where somebody removed it. */
	readonly make: (ctx: Context) => Promise<unknown>;
}

/** A message that is to be published. */
interface Outgoing extends EventMessage, EventPlace {
	/** The id of the event itself. */
	readonly eventId: string;
}

/** Publishes the events of a topic. */
export class TopicPublisher {
	readonly #options: PublisherOptions;

	constructor(options: PublisherOptions) {
		this.#options = options;
	}

	async append(events: readonly EventRecord[], ctx: Context): Promise<readonly Receipt[]> {
		const { stream, subjects, lanes, isAtomic, maxEventBytes, make } = this.#options;
		const messages = events.map((event) => ({
			...eventMessage(event, maxEventBytes),
			...subjects.of(event, lanes),
			eventId: event.id,
		}));
		if (isAtomic && messages.length > mostInBatch) throw tooMany(messages.length);
		const publish = (client: Client): Promise<readonly Receipt[]> =>
			isAtomic && messages.length > 1 ? this.#publishBatch(client, messages) : this.#publishEach(messages);
		const receipts = await stream.connection.run((client) => unlessMissing(publish(client)), { ctx });
		if (receipts !== undefined) return receipts;
		await make(ctx);
		return stream.connection.run(publish, { ctx });
	}

	/** Sends them one after another in one go, so that the server adds them in this order. */
	async #publishEach(messages: readonly Outgoing[]): Promise<readonly Receipt[]> {
		const answers = messages.map((message) => this.#publishOne(message));
		// All are awaited, so that nothing of a call that was rejected is added later.
		if (answers.length > 1) await Promise.allSettled(answers);
		return Promise.all(answers);
	}

	async #publishOne(message: Outgoing): Promise<Receipt> {
		const { stream } = this.#options;
		const { seq, duplicate } = await stream.publish(message.subject, message.text, {
			headers: eventHeaders(message),
		});
		return duplicate ? this.#duplicate(message, seq) : receipt(message, seq);
	}

	/** The receipt of an event that was there already, maybe with another text. */
	async #duplicate({ eventId, lane }: Outgoing, sequence: number): Promise<Receipt> {
		const stored = await this.#options.stream.at(sequence);
		const cursor = stored === undefined ? cursorAt(sequence, "") : cursorOf(stored);
		return { id: eventId, lane, cursor, duplicate: true };
	}

	async #publishBatch(client: Client, messages: readonly Outgoing[]): Promise<readonly Receipt[]> {
		const { stream } = this.#options;
		const id = crypto.randomUUID();
		const parts = messages.map((message, index) => ({
			message,
			headers: batchHeaders(message, id, index + 1),
		}));
		const last = parts.pop();
		if (last === undefined) return [];
		for (const { message, headers } of parts) client.publish(message.subject, message.text, { headers });
		last.headers.set("Nats-Batch-Commit", "1");
		try {
			const { seq } = await stream.publish(last.message.subject, last.message.text, {
				headers: last.headers,
			});
			// They lie one behind another.
			return messages.map((message, index) => receipt(message, seq - parts.length + index));
		} catch (error) {
			// They were published before, and the reply was lost. Each is told its place then.
			if (error instanceof JetStreamApiError && error.code === duplicateInBatch)
				return this.#publishEach(messages);
			throw error;
		}
	}
}

function batchHeaders(message: Outgoing, batch: string, sequence: number): MsgHdrs {
	const headers = eventHeaders(message);
	headers.set("Nats-Batch-Id", batch);
	headers.set("Nats-Batch-Sequence", String(sequence));
	return headers;
}

function receipt(message: Outgoing, sequence: number): Receipt {
	const { eventId, lane } = message;
	return { id: eventId, lane, cursor: publishedCursor(sequence, message), duplicate: false };
}

/** Undefined when the stream is missing. */
async function unlessMissing<T>(publishing: Promise<T>): Promise<T | undefined> {
	try {
		return await publishing;
	} catch (error) {
		if (isServiceError(error) && isJetStreamMissing(error.cause)) return undefined;
		throw error;
	}
}

function tooMany(count: number): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		message: `NATS adds at most ${mostInBatch} events all or none, and these are ${count}; publish them in parts`,
	});
}
