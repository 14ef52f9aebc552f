import { Context } from "@allium/core";
import type { Consumer, ConsumerReport, Deliver, Delivered, GroupSpec, Verdict } from "@allium/core/event";
import { whileLasts } from "@allium/core/transport";
import type { AsyncMessage, Channel } from "rabbitmq-client";
import { acquaintance, lanesOf } from "./dealing.ts";
import { GroupBindings } from "./group-bindings.ts";
import { GroupMembers } from "./group-members.ts";
import { type BoundQueue, bindLane, makeGroup, makeLane, makeParked } from "./group-queues.ts";
import type { Handed } from "./handed.ts";
import { HeldLane } from "./held-lane.ts";
import { LaneReader } from "./lane-reader.ts";
import type { Names } from "./names.ts";
import type { Outbox } from "./outbox.ts";
import { parkedMessage } from "./parked-message.ts";
import type { RabbitConnection } from "./rabbit-connection.ts";
import { Room } from "./room.ts";

const background = Context.background();

/** How a group is worked on. */
export interface GroupConsumerOptions {
	readonly spec: GroupSpec;
	readonly deliver: Deliver;
	/** The number of lanes of the topic. */
	readonly lanes: number;
	readonly names: Names;
	/** The connection from which events come. */
	readonly connection: RabbitConnection;
	readonly outbox: Outbox;
	readonly ttlMs: number;
	/** Called when it has ended. */
	readonly ended: () => void;
}

/** Works on a group: holds its share of the lanes. */
export class GroupConsumer implements Consumer {
	readonly #options: GroupConsumerOptions;
	readonly #room: Room;
	readonly #held = new Map<number, HeldLane>();
	#bindings: GroupBindings | undefined;
	/** The queue of this process, where every process has its own. */
	#own: string | undefined;
	#members: GroupMembers | undefined;
	#making: Promise<void> | undefined;
	#passedOver = 0;
	#isEnding = false;

	private constructor(options: GroupConsumerOptions) {
		this.#options = options;
		this.#room = new Room(options.spec);
	}

	/** Makes the group, joins it, and begins to work. */
	static async start(options: GroupConsumerOptions, ctx: Context): Promise<GroupConsumer> {
		const { spec, names, connection, lanes, ttlMs } = options;
		const consumer = new GroupConsumer(options);
		if (spec.each) {
			await consumer.#readOwn(ctx);
			consumer.#keepBound();
			return consumer;
		}
		await connection.run(ctx, (channel) => makeGroup(channel, names, spec, lanes));
		const onChange = (): void => consumer.#deal();
		const { handles } = spec;
		const joining = GroupMembers.join({ id: spec, handles, names, connection, ttlMs, onChange });
		consumer.#members = await joining;
		consumer.#deal();
		consumer.#keepBound();
		return consumer;
	}

	async drain(ctx: Context): Promise<void> {
		this.#isEnding = true;
		for (const lane of this.#held.values()) lane.release();
		await whileLasts(this.#end(), ctx);
	}

	async close(): Promise<void> {
		this.#isEnding = true;
		for (const lane of this.#held.values()) lane.close();
		await this.#end();
	}

	async report(ctx: Context): Promise<ConsumerReport> {
		const here = [...this.#held.values()].flatMap((lane) => [...lane.here]);
		const troubles = new Set([...this.#held.values()].flatMap(({ trouble }) => trouble ?? []));
		const told = {
			retrying: here.filter(({ error }) => error !== undefined).length,
			lanes: this.#options.spec.each ? this.#options.lanes : this.#held.size,
			passedOver: this.#passedOver,
			...(troubles.size > 0 && { trouble: [...troubles].join("; ") }),
		};
		const counts = await this.#counts(ctx).catch(() => undefined);
		if (counts === undefined) return told;
		const times = here
			.map(({ placed }) => Date.parse(placed.event.time))
			.filter((time) => !Number.isNaN(time));
		const oldest = Math.min(Date.now(), ...times);
		const lag = counts.ready + here.length;
		return { ...told, lag, parked: counts.parked, ...lagSeconds(lag, here.length, Date.now() - oldest) };
	}

	/** How many events are in the queues of the group, without the events in hand. */
	async #counts(ctx: Context): Promise<{ readonly ready: number; readonly parked: number } | undefined> {
		const { spec, lanes, names, connection } = this.#options;
		if (spec.each) return undefined;
		return connection.run(ctx, async (channel) => {
			const count = async (queue: string): Promise<number> =>
				(await channel.queueDeclare({ queue, passive: true })).messageCount;
			let ready = 0;
			for (let lane = 0; lane < lanes; lane++) ready += await count(names.lane(spec, lane));
			return { ready, parked: await count(names.parked(spec)) };
		});
	}

	async #end(): Promise<void> {
		this.#bindings?.stop();
		await Promise.all(Array.from(this.#held.values(), ({ done }) => done));
		await this.#members?.leave();
		this.#options.ended();
	}

	#keepBound(): void {
		const { spec, names, connection, ttlMs: everyMs } = this.#options;
		const queues = (): readonly BoundQueue[] => this.#queues();
		this.#bindings = new GroupBindings({ topic: spec.topic, names, connection, everyMs, queues });
	}

	/** The queues that this process reads, by lane. */
	#queues(): readonly BoundQueue[] {
		const { spec, names, lanes } = this.#options;
		const queue = this.#own;
		if (queue !== undefined) return Array.from({ length: lanes }, (_, lane) => ({ queue, lane }));
		if (spec.each) return [];
		return Array.from(this.#held.keys(), (lane) => ({ queue: names.lane(spec, lane), lane }));
	}

	/** Takes the lanes that are this member's, and gives up the others. */
	#deal(): void {
		const members = this.#members;
		if (members === undefined || this.#isEnding) return;
		const mine = lanesOf(members.self.id, members.all, this.#options.lanes);
		for (const [lane, held] of this.#held) if (!mine.includes(lane)) held.release();
		for (const lane of mine) if (!this.#held.has(lane)) this.#hold(lane);
	}

	#hold(lane: number): void {
		const { names, spec } = this.#options;
		const held = this.#lane(
			async (channel) => {
				await makeLane(channel, names, spec, lane);
				return names.lane(spec, lane);
			},
			() => lane,
		);
		this.#held.set(lane, held);
		void held.done.then(() => {
			if (this.#isEnding) return;
			this.#held.delete(lane);
			this.#deal();
		});
	}

	/** Every process has its own queue, which is deleted with its connection. */
	async #readOwn(ctx: Context): Promise<void> {
		const { spec, lanes, names } = this.#options;
		const begun = Promise.withResolvers<void>();
		const prepare = async (channel: Channel): Promise<string> => {
			const { queue } = await channel.queueDeclare({ exclusive: true, autoDelete: true });
			for (let lane = 0; lane < lanes; lane++) {
				await bindLane(channel, names, spec.topic, { queue, lane });
			}
			this.#own = queue;
			begun.resolve();
			return queue;
		};
		const held = this.#lane(prepare, ({ routingKey }) => Number(routingKey));
		this.#held.set(0, held);
		try {
			await whileLasts(begun.promise, ctx);
		} catch (error) {
			await this.close();
			throw error;
		}
	}

	#lane(prepare: (channel: Channel) => Promise<string>, laneOf: (message: AsyncMessage) => number): HeldLane {
		const { spec, connection, ttlMs } = this.#options;
		return new HeldLane({
			prefetch: Math.min(256, Math.max(16, spec.concurrency * 8)),
			open: (prefetch, onTooLarge) =>
				LaneReader.open({
					connection,
					prefetch,
					bytes: spec.bytes,
					longestPauseMs: ttlMs,
					room: this.#room,
					prepare,
					laneOf,
					deliver: this.#deliver,
					park: this.#park,
					onTooLarge,
				}),
		});
	}

	/** Hands an event to its handler, or passes it over. */
	readonly #deliver = async (delivered: Delivered, ctx: Context): Promise<Verdict | "elsewhere"> => {
		const { spec, deliver } = this.#options;
		const known = acquaintance(spec, delivered.event);
		if (known === "handled") return deliver(delivered, ctx);
		const newest = await this.#members?.newest();
		if (newest !== undefined && acquaintance(newest, delivered.event) === "handled") {
			this.#deal();
			return "elsewhere";
		}
		if (known === "newer") return deliver(delivered, ctx);
		this.#passedOver++;
		return { do: "done" };
	};

	readonly #park = async ({ placed, text, attempt, since, error }: Handed): Promise<void> => {
		const { spec, names, outbox } = this.#options;
		// Nothing is kept of a group that is this process's own.
		if (spec.each || error === undefined) return;
		const parked = { lane: placed.lane, text, attempt, since: since ?? Date.now(), error };
		const message = parkedMessage(names, spec, parked);
		try {
			await outbox.send([message], background);
		} catch {
			await this.#makeParked();
			await outbox.send([message], background);
		}
	};

	/** An operator may have deleted the queue. It is made once for all events that miss it. */
	#makeParked(): Promise<void> {
		const { spec, names, connection } = this.#options;
		this.#making ??= connection
			.run(background, (channel) => makeParked(channel, names, spec))
			.finally(() => {
				this.#making = undefined;
			});
		return this.#making;
	}
}

/** Known where there is no lag, or the oldest event is in hand. */
function lagSeconds(lag: number, here: number, ageMs: number): { readonly lagSeconds?: number } {
	if (lag === 0) return { lagSeconds: 0 };
	return here === 0 ? {} : { lagSeconds: ageMs / 1_000 };
}
