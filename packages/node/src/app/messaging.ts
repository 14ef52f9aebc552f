import {
	type AnyContract,
	type Checker,
	handlerDefaults,
	type Logger,
	type Middleware,
	type SubscribeOptions,
} from "@allium/core";
import { Subscription } from "@allium/core/event";
import { cloudEvents } from "../protocol/cloud-events.ts";
import type { PortProtocol } from "../protocol/port-protocol.ts";
import type { AppEventsOptions, AppOptions } from "./app-type.ts";
import { BackendConnection, type BackendConnectionOptions } from "./backend-connection.ts";
import type { MissingContextWatch } from "./missing-context.ts";
import { Publications } from "./publications.ts";
import { Subscriptions } from "./subscriptions.ts";

/** The parts of an app that its events need. */
export interface MessagingOptions extends Omit<BackendConnectionOptions<never>, "given" | "isNeeded"> {
	/** The contracts that it serves now. */
	readonly served: () => readonly AnyContract[];
	/** Whether the events of a contract come from the event store. */
	readonly keeps: (topic: string) => boolean;
	/** Only in development. */
	readonly contextWatch: MissingContextWatch | undefined;
}

/** The events of an app: its broker, its publications and its subscriptions. */
export class Messaging {
	readonly broker: BackendConnection<"broker">;
	readonly publications: Publications;
	readonly subscriptions: Subscriptions;
	/** How others post events here. */
	readonly protocols: readonly PortProtocol[];
	readonly #group: string;
	readonly #logger: Logger;
	/** The middleware around the handlers of all subscriptions. */
	readonly outermost: readonly Middleware[];
	readonly #topics: NonNullable<AppEventsOptions["topics"]>;

	constructor(options: AppOptions, { served, keeps, contextWatch, ...connecting }: MessagingOptions) {
		const { name, publishes = [], accepts = [], events = {}, gracePeriodMs = 10_000 } = options;
		const { handle = handlerDefaults().middleware, publish, maxBytes, topics = {} } = events;
		const { logger } = connecting;
		this.#group = name;
		this.#logger = logger;
		this.#topics = topics;
		this.outermost = contextWatch?.around("the app's middleware of handlers", handle) ?? handle;
		this.broker = new BackendConnection("broker", {
			...connecting,
			given: options.broker,
			isNeeded: () => this.publications.topics.length > 0 || !this.subscriptions.isEmpty,
		});
		this.publications = new Publications({
			name,
			broker: this.broker.port,
			logger,
			served,
			keeps,
			publishes: [...publishes, ...accepts],
			middleware: publish,
			maxBytes,
			topics,
			onMissingContext: contextWatch?.reportEvent,
			gracePeriodMs,
		});
		const { publish: taken } = this.publications;
		this.protocols = accepts.length === 0 ? [] : [cloudEvents({ contracts: accepts, publish: taken })];
		this.subscriptions = new Subscriptions({ broker: this.broker.port, logger, gracePeriodMs });
	}

	/**
	 * Adds a subscription.
	 *
	 * @returns the check of its group's health.
	 */
	subscribe(contract: AnyContract, handlers: object, options: SubscribeOptions): Checker {
		const { name: topic } = contract["~allium"];
		const subscription = new Subscription(contract, handlers, {
			group: this.#group,
			...options,
			outermost: this.outermost,
			newTopic: Object.hasOwn(this.#topics, topic) ? this.#topics[topic] : undefined,
			logger: this.#logger,
		});
		return this.subscriptions.add(subscription);
	}
}
