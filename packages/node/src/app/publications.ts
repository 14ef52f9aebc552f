import { type AnyContract, type Logger, type Publish, ServiceError } from "@allium/core";
import { type Broker, type BrokerFeatures, Publisher, type PublisherOptions } from "@allium/core/event";
import { listed } from "../config/listed.ts";
import type { Part } from "./part.ts";
import { within } from "./within.ts";

/** Options of {@link Publications}. */
export interface PublicationsOptions
	extends Pick<PublisherOptions, "middleware" | "maxBytes" | "topics" | "onMissingContext"> {
	/** The name of the app. */
	readonly name: string;
	readonly broker: Broker;
	readonly logger: Logger;
	/** The contracts that it serves now, and may therefore publish. */
	readonly served: () => readonly AnyContract[];
	/** Whether the events of a contract come from the event store, and from nowhere else. */
	readonly keeps: (topic: string) => boolean;
	/** Further contracts that it may publish. */
	readonly publishes: readonly AnyContract[];
	/** How long publications may take that are on their way when the process stops, in milliseconds. */
	readonly gracePeriodMs: number;
}

/**
 * The events that an app publishes. Their topics are opened when the app starts. Before the app stops, it waits for
 * publications that are on their way.
 */
export class Publications implements Part {
	readonly name: string = "the publications";
	readonly #options: PublicationsOptions;
	readonly #publisher: Publisher;
	#hasStopped = false;

	constructor(options: PublicationsOptions) {
		const { name, broker, middleware, maxBytes, topics, onMissingContext } = options;
		this.#options = options;
		this.#publisher = new Publisher({
			broker,
			source: name,
			whyNot: (topic) => this.#whyNot(topic),
			middleware,
			maxBytes,
			topics,
			onMissingContext,
		});
	}

	/**
	 * Rejects with `failed_precondition`, reason `stopped`, once the app has stopped, also if the broker was given to the
	 * app and still works.
	 */
	readonly publish: Publish = (events, ctx) =>
		this.#hasStopped ? Promise.reject(stopped(this.#options.name)) : this.#publisher.publish(events, ctx);

	/**
	 * The contracts with events that it may publish. Contracts whose events come from the event store are not among them.
	 */
	get topics(): readonly string[] {
		const { served, publishes, keeps } = this.#options;
		const withEvents = [...served(), ...publishes].filter(
			(contract) =>
				!keeps(contract["~allium"].name) && contract["~allium"].events.some((event) => !event.private),
		);
		return [...new Set(withEvents.map((contract) => contract["~allium"].name))];
	}

	async start(): Promise<void> {
		const { logger, broker } = this.#options;
		const opened = await Promise.all(this.topics.map((topic) => this.#publisher.open(topic)));
		for (const { topic, features } of opened) {
			const facts = { topic, broker: broker.location, ...guaranteesOf(features) };
			logger.log("info", "events are published", facts);
		}
	}

	drain(): Promise<void> {
		return within(this.#options.gracePeriodMs, this.#publisher.drained());
	}

	stop(): void {
		this.#hasStopped = true;
	}

	#whyNot(topic: string): string | undefined {
		const { name, served, publishes, keeps } = this.#options;
		if (keeps(topic)) {
			return `the events of "${topic}" come from the event store of ${name}, by its commands; append them there by a command, because events that come two ways have no order`;
		}
		const may = [...served(), ...publishes].some((contract) => contract["~allium"].name === topic);
		if (may) return undefined;
		return `${name} does not serve "${topic}", whose events it would publish; serve it, or name the contract in the option "publishes"`;
	}
}

function stopped(name: string): ServiceError {
	const message = `${name} has stopped, and publishes no more events`;
	return new ServiceError({ code: "failed_precondition", reason: "stopped", message });
}

/** The guarantees for publishers, for people to read. */
function guaranteesOf({ atomic, dedupeMs, delay, syncs }: BrokerFeatures): Readonly<Record<string, string>> {
	const lacks = [...(atomic ? [] : ["batches that are all or none"]), ...(delay ? [] : ["delays"])];
	return {
		survive: { disk: "power cuts", replicas: "the loss of a server", later: "crashes of processes" }[syncs],
		repeats: repeats(dedupeMs),
		...(lacks.length > 0 && { without: listed(lacks) }),
	};
}

function repeats(dedupeMs: number): string {
	if (dedupeMs === 0) return "are not found";
	return dedupeMs === Number.POSITIVE_INFINITY ? "are found" : `are found for ${dedupeMs / 1000} s`;
}
