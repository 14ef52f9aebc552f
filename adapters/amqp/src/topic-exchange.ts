import type { Context } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import {
	type BrokerFeatures,
	type BrokerTopic,
	defaultLanes,
	defaultMaxEventBytes,
	type EventRecord,
	eventText,
	laneOf,
	type Receipt,
} from "@allium/core/event";
import type { Channel } from "rabbitmq-client";
import { codeOf } from "./failure.ts";
import type { Names } from "./names.ts";
import type { Outbox } from "./outbox.ts";
import type { RabbitConnection } from "./rabbit-connection.ts";

/** The features of quorum queues. A majority of their servers has an event on disk before the event is confirmed. */
export const features: BrokerFeatures = {
	order: "lane",
	dedupeMs: 0,
	atomic: false,
	syncs: "disk",
	maxEventBytes: defaultMaxEventBytes,
	keyOrder: true,
	replay: false,
	delay: false,
	park: "event",
	fenced: false,
};

/** The features that RabbitMQ does not offer to events, for operators. Each is a flag above. */
export const lacks: readonly string[] = [
	"events from before a group began",
	"parked events that hold their key",
	"delays",
	"a memory of ids",
	"fencing of processes that were suspended",
];

/** The place of a topic, and the parts that it needs. */
export interface TopicExchangeOptions {
	readonly topic: string;
	readonly lanes: number;
	readonly names: Names;
	readonly outbox: Outbox;
}

/** A topic as an exchange: each event goes to the queue of its lane in every group. */
export class TopicExchange implements BrokerTopic {
	readonly topic: string;
	readonly lanes: number;
	readonly features: BrokerFeatures = features;
	readonly retainMs: number = Number.POSITIVE_INFINITY;
	readonly #exchange: string;
	readonly #outbox: Outbox;

	constructor({ topic, lanes, names, outbox }: TopicExchangeOptions) {
		this.topic = topic;
		this.lanes = lanes;
		this.#exchange = names.topic(topic);
		this.#outbox = outbox;
	}

	async publish(events: readonly EventRecord[], ctx: Context): Promise<readonly Receipt[]> {
		const delayed = events.find(({ notBefore }) => notBefore !== undefined);
		if (delayed !== undefined)
			throw refusal(`RabbitMQ cannot delay ${delayed.type}; publish it when it is due`);
		const texts = events.map((event) => eventText(event, features.maxEventBytes));
		const messages = events.map((event, index) => ({
			exchange: this.#exchange,
			routingKey: String(laneOf(event, this.lanes)),
			text: texts[index] ?? "",
		}));
		await this.#outbox.send(messages, ctx);
		return events.map((event) => ({
			id: event.id,
			lane: laneOf(event, this.lanes),
			cursor: undefined,
			duplicate: false,
		}));
	}
}

/** Makes the exchange of a topic if it is missing. Returns its number of lanes, which the first one decides. */
export async function makeTopic(
	connection: RabbitConnection,
	names: Names,
	{ topic, lanes = defaultLanes }: { readonly topic: string; readonly lanes?: number | undefined },
	ctx: Context,
): Promise<number> {
	await connection.run(ctx, (channel) => makeExchange(channel, names, topic));
	try {
		// RabbitMQ does not report the properties of an existing queue, but refuses to declare it with another bound, and
		// names the bound.
		await connection.run(ctx, (channel) =>
			channel.queueDeclare({
				queue: names.lanes(topic),
				durable: true,
				arguments: { "x-max-length": lanes },
			}),
		);
		return lanes;
	} catch (error) {
		const found = boundIn(error);
		if (found === undefined) throw error;
		return found;
	}
}

/** Makes the exchange of a topic if it is missing. */
export async function makeExchange(channel: Channel, names: Names, topic: string): Promise<void> {
	await channel.exchangeDeclare({ exchange: names.topic(topic), type: "direct", durable: true });
}

/** The bound that the queue has, in the words of the server: `current is the value '4' of type 'signedint'`. */
function boundIn(error: unknown): number | undefined {
	const cause = error instanceof Error ? error.cause : undefined;
	if (!(cause instanceof Error) || codeOf(cause) !== "PRECONDITION_FAILED") return undefined;
	const [, bound] = /x-max-length.* current is (?:the value )?'(\d+)'/.exec(cause.message) ?? [];
	return bound === undefined ? undefined : Number(bound);
}
