import type { GroupId } from "@allium/core/event";
import { after, Backoff, every, type Timer, uuidv7 } from "@allium/core/transport";
import type { Channel } from "rabbitmq-client";
import { type Member, newestOf } from "./dealing.ts";
import type { Names } from "./names.ts";
import type { RabbitConnection } from "./rabbit-connection.ts";

/** How the members of a group find each other. */
export interface GroupMembersOptions {
	readonly id: GroupId;
	readonly handles: Member["handles"];
	readonly names: Names;
	readonly connection: RabbitConnection;
	/** After how long a silence a member counts as gone, in milliseconds. */
	readonly ttlMs: number;
	/** Called when a member has come or gone. */
	readonly onChange: () => void;
}

/** The messages between members. Only its sender reads a `look`, which arrives after all messages sent before it. */
type Told =
	| ({ readonly say: "here" } & Member)
	| { readonly say: "gone"; readonly id: string }
	| { readonly say: "look"; readonly id: string; readonly token: string };

/**
 * The members of a group. Each tells the others through an exchange that it is there, again and again: RabbitMQ keeps
 * no state that all could read. It only spreads the lanes; that a lane has one consumer is up to its queue.
 */
export class GroupMembers {
	readonly self: Member;
	readonly #options: GroupMembersOptions;
	readonly #others = new Map<string, { readonly member: Member; seen: number }>();
	readonly #looks = new Map<string, () => void>();
	readonly #beat: Timer;
	#channel: Channel | undefined;
	#retry: Timer | undefined;
	#left = false;
	/** When it last heard itself, and so would have heard the others. */
	#heardAt = 0;
	readonly #backoff = new Backoff({ firstMs: 100, longestMs: 2_000 });

	private constructor(options: GroupMembersOptions) {
		this.#options = options;
		this.self = { id: uuidv7(), joined: Date.now(), handles: options.handles };
		this.#beat = every(options.ttlMs / 4, () => this.#renew());
	}

	/** Joins. Resolves when the others have been told. */
	static async join(options: GroupMembersOptions): Promise<GroupMembers> {
		const members = new GroupMembers(options);
		try {
			await members.#connect();
			return members;
		} catch (error) {
			await members.leave();
			throw error;
		}
	}

	/** All members, with this one. */
	get all(): readonly Member[] {
		return [this.self, ...Array.from(this.#others.values(), ({ member }) => member)];
	}

	/** The newest member now. It takes every member into account that had joined before this call. */
	async newest(): Promise<Member | undefined> {
		const token = uuidv7();
		const looked = new Promise<void>((resolve) => this.#looks.set(token, resolve));
		this.#tell({ say: "look", id: this.self.id, token });
		await looked;
		return newestOf(this.all);
	}

	/** Tells the others that this member has given up its lanes. */
	async leave(): Promise<void> {
		if (this.#left) return;
		this.#left = true;
		this.#beat.stop();
		this.#retry?.stop();
		this.#tell({ say: "gone", id: this.self.id });
		await this.#channel?.close();
		this.#answerLooks();
	}

	async #connect(): Promise<void> {
		const { connection, names, id } = this.#options;
		const channel = await connection.channel();
		this.#channel = channel;
		this.#hearsAgain();
		channel.once("close", () => this.#lost());
		channel.once("basic.cancel", () => void channel.close());
		const [exchange, routingKey] = [names.members, names.group(id)];
		await channel.exchangeDeclare({ exchange, type: "direct", durable: true });
		const { queue } = await channel.queueDeclare({ exclusive: true, autoDelete: true });
		await channel.queueBind({ queue, exchange, routingKey });
		await channel.basicConsume({ queue, noAck: true }, ({ body }) => this.#hear(readTold(String(body))));
		this.#tell({ say: "here", ...this.self });
		await this.newest();
		this.#backoff.reset();
	}

	/** The connection or the queue is gone, so that messages of the others are not heard. It comes back by itself. */
	#lost(): void {
		this.#channel = undefined;
		this.#answerLooks();
		if (this.#left || this.#retry !== undefined) return;
		this.#retry = after(this.#backoff.next(), () => {
			this.#retry = undefined;
			this.#connect().catch(() => {
				if (this.#channel === undefined && !this.#left) this.#lost();
				else void this.#channel?.close();
			});
		});
	}

	/** While nothing is heard, nobody counts as gone: the others have their time to live from now on. */
	#hearsAgain(): void {
		this.#heardAt = performance.now();
		for (const other of this.#others.values()) other.seen = this.#heardAt;
	}

	#answerLooks(): void {
		for (const answer of this.#looks.values()) answer();
		this.#looks.clear();
	}

	#hear(told: Told | undefined): void {
		if (this.#left || told === undefined) return;
		if (told.say === "look") {
			this.#looks.get(told.token)?.();
			this.#looks.delete(told.token);
		} else if (told.id === this.self.id) {
			this.#heardAt = performance.now();
		} else {
			if (told.say === "here") this.#sees(told);
			else if (this.#others.delete(told.id)) this.#options.onChange();
		}
	}

	#sees({ id, joined, handles }: Member): void {
		const known = this.#others.get(id);
		if (known !== undefined) {
			known.seen = performance.now();
			return;
		}
		this.#others.set(id, { member: { id, joined, handles }, seen: performance.now() });
		// The newcomer is told at once.
		this.#tell({ say: "here", ...this.self });
		this.#options.onChange();
	}

	#renew(): void {
		const channel = this.#channel;
		if (channel?.active !== true) return;
		const silent = performance.now() - this.#options.ttlMs;
		// An operator deleted the exchange, or unbound the queue: another one is made.
		if (this.#heardAt < silent) return void channel.close();
		this.#tell({ say: "here", ...this.self });
		const gone = [...this.#others].filter(([, { seen }]) => seen < silent);
		for (const [id] of gone) this.#others.delete(id);
		if (gone.length > 0) this.#options.onChange();
	}

	#tell(told: Told): void {
		const channel = this.#channel;
		if (channel?.active !== true) {
			this.#answerLooks();
			return;
		}
		const { names, id } = this.#options;
		const address = { exchange: names.members, routingKey: names.group(id) };
		channel.basicPublish(address, Buffer.from(JSON.stringify(told))).catch(() => {});
	}
}

/** Strangers may write to the exchange. */
function readTold(text: string): Told | undefined {
	try {
		const told: Told = JSON.parse(text);
		return typeof told.id === "string" ? told : undefined;
	} catch {
		return undefined;
	}
}
