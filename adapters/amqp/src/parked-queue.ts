import type { Context } from "@allium/core";
import type { GroupId, ParkedEvent, Parking, Slice, Which } from "@allium/core/event";
import type { Channel } from "rabbitmq-client";
import { codeOf } from "./failure.ts";
import type { Names } from "./names.ts";
import type { Outbox } from "./outbox.ts";
import { parkedEvent, replayedMessage } from "./parked-message.ts";
import type { RabbitConnection } from "./rabbit-connection.ts";

/** How many parked events one call looks at, and how many bytes of them. */
const most = 10_000;
const mostBytes = 64 * 1024 * 1024;

/** How a queue of parked events is reached. */
export interface ParkedQueueOptions {
	readonly id: GroupId;
	readonly names: Names;
	readonly connection: RabbitConnection;
	readonly outbox: Outbox;
}

/** A parked event that is out of the queue until it is acknowledged or given back. */
interface Taken {
	readonly parked: ParkedEvent;
	readonly text: string;
	/** Of its message, and of further ones with the same text. */
	readonly deliveryTags: number[];
}

/**
 * The parked events of a group: a queue. They are taken out to be seen, and given back in their order. The server may
 * keep a message that it rejects, and the event is parked once more then: both messages stand for one event.
 */
export class ParkedQueue implements Parking {
	readonly #options: ParkedQueueOptions;

	constructor(options: ParkedQueueOptions) {
		this.#options = options;
	}

	/** The list is sorted here, because an event that is given back may change its place in the queue. */
	async list(
		{ after = "", limit }: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<ParkedEvent>> {
		const taken = await this.#taken(ctx, async () => {});
		const behind = taken.filter((each) => placeIn(each) > after);
		const page = behind.slice(0, limit);
		const items = page.map(({ parked }) => parked);
		const last = page.at(-1);
		return behind.length > limit && last !== undefined ? { items, next: placeIn(last) } : { items };
	}

	async replay(which: Which, ctx: Context): Promise<number> {
		const { names, id, outbox } = this.#options;
		return this.#settle(which, ctx, ({ parked, text }) =>
			outbox.send([replayedMessage(names, id, parked, text)], ctx),
		);
	}

	async discard(which: Which, ctx: Context): Promise<number> {
		return this.#settle(which, ctx, async () => {});
	}

	/** Removes each event that is meant, once something was done with it. Returns how many. */
	async #settle(which: Which, ctx: Context, act: (taken: Taken) => Promise<void>): Promise<number> {
		let count = 0;
		await this.#taken(ctx, async (taken, channel) => {
			for (const each of taken.filter(({ parked }) => isMeant(parked, which))) {
				await act(each);
				for (const deliveryTag of each.deliveryTags) channel.basicAck({ deliveryTag });
				count++;
			}
		});
		return count;
	}

	/** Takes events out, in the order in which they first failed. Events that are not acknowledged are given back. */
	async #taken(
		ctx: Context,
		act: (taken: readonly Taken[], channel: Channel) => Promise<void>,
	): Promise<readonly Taken[]> {
		return this.#options.connection.run(ctx, async (channel) => {
			try {
				const taken = await this.#take(channel, ctx);
				await act(taken, channel);
				return taken;
			} finally {
				// 0 stands for all that are out.
				if (channel.active) channel.basicNack({ deliveryTag: 0, multiple: true, requeue: true });
			}
		});
	}

	async #take(channel: Channel, ctx: Context): Promise<readonly Taken[]> {
		const { names, id } = this.#options;
		const taken = new Map<string, Taken>();
		let bytes = 0;
		try {
			for (let messages = 0; messages < most && bytes < mostBytes && ctx.error === undefined; messages++) {
				const message = await channel.basicGet({ queue: names.parked(id) });
				if (message === undefined) break;
				const text = String(message.body);
				bytes += Buffer.byteLength(text);
				const known = taken.get(text);
				if (known !== undefined) known.deliveryTags.push(message.deliveryTag);
				else
					taken.set(text, { parked: parkedEvent(message, text), text, deliveryTags: [message.deliveryTag] });
			}
		} catch (error) {
			// Nobody has worked on the group yet.
			if (codeOf(error) !== "NOT_FOUND") throw error;
		}
		return [...taken.values()].sort((one, other) => (placeIn(one) < placeIn(other) ? -1 : 1));
	}
}

/** A time in milliseconds has so many digits until the year 2286. */
const digits = 13;

/**
 * Sorts events by the time of their first failure. Events of one moment are sorted by their ids, which count upwards.
 */
function placeIn({ parked: { since, cursor, lane } }: Taken): string {
	return `${String(since).padStart(digits, "0")} ${cursor} ${lane}`;
}

function isMeant({ id, key }: ParkedEvent, which: Which): boolean {
	if (which === "all") return true;
	if ("ids" in which) return which.ids.includes(id);
	return key !== undefined && which.keys.includes(key);
}
