import type { Context } from "@allium/core";
import type {
	Broker,
	BrokerTopic,
	Consumer,
	Deliver,
	GroupId,
	GroupSpec,
	Parking,
	TopicOptions,
} from "@allium/core/event";
import type { Opening } from "./opening.ts";

/** A broker that is opened when it is first needed, so that events can be published before an app is started. */
export class DeferredBroker implements Broker {
	readonly #opening: Opening<Broker>;

	constructor(opening: Opening<Broker>) {
		this.#opening = opening;
	}

	/** Known once it is open. */
	get location(): string | undefined {
		return this.#opening.port?.location;
	}

	/** Known once it is open, where the broker keeps events. */
	get log(): Broker["log"] {
		return this.#opening.port?.log;
	}

	/** Known once it is open, where the broker keeps the state of groups. */
	get state(): Broker["state"] {
		return this.#opening.port?.state;
	}

	async open(topic: string, options: TopicOptions, ctx: Context): Promise<BrokerTopic> {
		return (await this.#opening.opened()).open(topic, options, ctx);
	}

	async consume(spec: GroupSpec, deliver: Deliver, ctx: Context): Promise<Consumer> {
		return (await this.#opening.opened()).consume(spec, deliver, ctx);
	}

	parking(id: GroupId): Parking {
		const parking = async (): Promise<Parking> => (await this.#opening.opened()).parking(id);
		return {
			list: async (page, ctx) => (await parking()).list(page, ctx),
			replay: async (which, ctx) => (await parking()).replay(which, ctx),
			discard: async (which, ctx) => (await parking()).discard(which, ctx),
		};
	}

	close(): Promise<void> {
		return this.#opening.close();
	}
}
