import { type AnyContract, Context, type Logger, type Publish, type SubscribeOptions } from "@allium/core";
import { type Broker, type Consumer, Publisher, Subscription } from "@allium/core/event";
import { drained } from "./drained.ts";

/** The options with which a node works on a group. */
export interface NodeSubscribeOptions extends SubscribeOptions {
	/** The name of the group. */
	readonly group: string;
}

/** A group that a node works on. */
export interface Subscribed {
	readonly consumer: Consumer;
	/** Takes no further events, and finishes those in hand, for `gracePeriodMs` (default 10,000) at most. */
	stop(options?: { readonly gracePeriodMs?: number }): Promise<void>;
}

/** The publisher and the groups of one life of a node. */
export class NodeMessaging {
	readonly broker: Broker;
	readonly #publisher: Publisher;
	readonly #logger: Logger;
	readonly #name: string;
	/** The groups of this process alone: only it knows how far they are. */
	readonly #own = new Set<Consumer>();
	#publishing = 0;

	constructor(name: string, broker: Broker, logger: Logger) {
		this.broker = broker;
		this.#name = name;
		this.#logger = logger;
		this.#publisher = new Publisher({ broker, source: name });
	}

	readonly publish: Publish = async (events, ctx) => {
		this.#publishing++;
		try {
			return await this.#publisher.publish(events, ctx);
		} finally {
			this.#publishing--;
		}
	};

	async subscribe(
		contract: AnyContract,
		handlers: object,
		options: NodeSubscribeOptions,
	): Promise<Subscribed> {
		const subscription = new Subscription(contract, handlers, { ...options, logger: this.#logger });
		const { consumer } = await subscription.begin(this.broker, Context.background().withTimeout(10_000));
		if (options.each) this.#own.add(consumer);
		return {
			consumer,
			stop: async ({ gracePeriodMs = 10_000 } = {}) => {
				await drained([consumer], gracePeriodMs);
				this.#own.delete(consumer);
			},
		};
	}

	/**
	 * Describes work of this process that the backend does not know of: events that it still has to publish or handle.
	 * Undefined if there is none.
	 */
	async undelivered(): Promise<string | undefined> {
		if (this.#publishing > 0) return `${this.#name} publishes events`;
		for (const consumer of this.#own) {
			const { lag, retrying, delayed } = await consumer.report(Context.background().withTimeout(1_000));
			if (lag !== 0 || retrying !== 0 || delayed !== 0)
				return `${this.#name} handles events of its own group`;
		}
		return undefined;
	}
}
