import type { GroupId } from "@allium/core/event";
import type { Channel } from "rabbitmq-client";
import type { Names } from "./names.ts";

/**
 * How often a lane may be given back with an event in it before the server parks that event: each hand-over of a lane
 * counts, not only the crash of a process.
 */
const deliveryLimit = 1_000;

/** Parked events may be listed as often as one likes. Since version 4.0, the default is to drop them after 20 times. */
const noLimit = 2 ** 31 - 1;

/**
 * Makes the queues of a group if they are missing, and binds them. They get all events that are published from then on.
 */
export async function makeGroup(channel: Channel, names: Names, id: GroupId, lanes: number): Promise<void> {
	await makeParked(channel, names, id);
	for (let lane = 0; lane < lanes; lane++) await makeLane(channel, names, id, lane);
}

/** Makes the queue of parked events if it is missing. */
export async function makeParked(channel: Channel, names: Names, id: GroupId): Promise<void> {
	await channel.queueDeclare({
		queue: names.parked(id),
		durable: true,
		arguments: { "x-queue-type": "quorum", "x-delivery-limit": noLimit },
	});
}

/** Makes the queue of a lane if it is missing. One consumer at a time gets its events, in order. */
export async function makeLane(channel: Channel, names: Names, id: GroupId, lane: number): Promise<void> {
	const queue = names.lane(id, lane);
	await channel.queueDeclare({
		queue,
		durable: true,
		arguments: {
			"x-queue-type": "quorum",
			"x-single-active-consumer": true,
			"x-delivery-limit": deliveryLimit,
			"x-dead-letter-exchange": "",
			"x-dead-letter-routing-key": names.parked(id),
			"x-dead-letter-strategy": "at-least-once",
			"x-overflow": "reject-publish",
		},
	});
	await bindLane(channel, names, id.topic, { queue, lane });
}

/** A queue that gets the events of a lane. */
export interface BoundQueue {
	readonly queue: string;
	readonly lane: number;
}

/** Gives the events of a lane to a queue from now on. */
export async function bindLane(
	channel: Channel,
	names: Names,
	topic: string,
	{ queue, lane }: BoundQueue,
): Promise<void> {
	await channel.queueBind({ queue, exchange: names.topic(topic), routingKey: String(lane) });
}
