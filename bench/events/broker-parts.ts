import { setTimeout as sleep } from "node:timers/promises";
import {
	type Broker,
	type Consumer,
	type Cursors,
	Publisher,
	Subscription,
	type TopicLog,
} from "@allium/core/event";
import { Context } from "allium";
import { callInLoops, Meter, repeat } from "../closed-loop.ts";
import type { Measured } from "../protocol.ts";
import type { Part, PartFacts } from "./part.ts";
import { nextData, nextRecord, toldContract } from "./told.ts";

const background = Context.background();
const pageBounds = { events: 256, bytes: 4 * 1024 * 1024 };
/** How many events are appended at once in parts that do not measure it. */
const batch = 500;

/** The measurements of every broker over a log. Each process of a group has its own broker. */
export class BrokerParts {
	readonly #open: () => Promise<Broker>;
	readonly #backlog: number;
	readonly #brokers: Broker[] = [];
	#topics = 0;

	constructor(open: () => Promise<Broker>, backlog: number) {
		this.#open = open;
		this.#backlog = backlog;
	}

	/** Another broker of the same backend. It is closed with the others. */
	async broker(): Promise<Broker> {
		const broker = await this.#open();
		this.#brokers.push(broker);
		return broker;
	}

	/** Adds single events to the log, `atOnce` of them at a time. */
	async append(atOnce: number, facts: PartFacts): Promise<Part> {
		const contract = toldContract("append");
		const topic = await openTopic(await this.broker(), "append");
		return {
			...facts,
			measure: (ms) => callInLoops(() => topic.append([nextRecord(contract)], background), atOnce, ms),
		};
	}

	/**
	 * Adds single events to the log, each of `processes` at a time through its own broker, as separate processes would.
	 */
	async appendApart(processes: number, facts: PartFacts): Promise<Part> {
		const contract = toldContract("append");
		const brokers = await Promise.all(Array.from({ length: processes }, () => this.broker()));
		const topics = await Promise.all(brokers.map((broker) => openTopic(broker, "append")));
		const append = async (caller: number): Promise<void> => {
			await topics[caller]?.append([nextRecord(contract)], background);
		};
		return { ...facts, measure: (ms) => callInLoops(append, processes, ms) };
	}

	/** Publishes single events as `app.publish` does: checked, stamped and traced. */
	async publish(atOnce: number, facts: PartFacts): Promise<Part> {
		const contract = toldContract("publish");
		const { publish } = new Publisher({ broker: await this.broker(), source: "bench" });
		return {
			...facts,
			measure: (ms) => callInLoops(() => publish(contract.told(nextData()), background), atOnce, ms),
		};
	}

	/** Reads pages of all lanes from the start on, again and again. */
	async read(facts: PartFacts): Promise<Part> {
		const topic = await openTopic(await this.broker(), "read");
		await this.#fill(topic);
		const start = await topic.at("start", background);
		let after: Cursors = start;
		const page = async (): Promise<number> => {
			const { events, next } = await topic.read(after, pageBounds, background);
			after = events.length < pageBounds.events ? start : next;
			return events.length;
		};
		return { ...facts, measure: (ms) => repeat(page, ms) };
	}

	/** A new group handles all events that wait in a new topic, with 16 lanes and 16 events at once. */
	async handle(facts: PartFacts): Promise<Part> {
		const broker = await this.broker();
		return {
			...facts,
			measure: async () => {
				const name = `handle-${++this.#topics}`;
				await this.fillTopic(broker, name);
				const handling = new Handling(this.#backlog);
				await handling.begin(broker, name, "handlers", "start");
				return handling.ended();
			},
		};
	}

	/** `groups` groups of one process each handle all events of a topic. An event counts once for each group. */
	async groups(groups: number, deliveries: number, facts: PartFacts): Promise<Part> {
		const broker = await this.broker();
		const events = Math.round(deliveries / groups);
		return {
			...facts,
			measure: async () => {
				const name = `groups-${++this.#topics}`;
				const topic = await openTopic(broker, name);
				const handling = new Handling(groups * events);
				for (let group = 0; group < groups; group++) {
					await handling.begin(broker, name, `group-${group}`, "now");
				}
				await this.#fill(topic, events);
				return handling.ended();
			},
		};
	}

	/**
	 * The time from the call that publishes until the handler of another broker is called, while nothing else goes on.
	 */
	async idle(facts: PartFacts): Promise<Part> {
		const contract = toldContract("idle");
		const { publish } = new Publisher({ broker: await this.broker(), source: "bench" });
		let handled = Promise.withResolvers<void>();
		const told = (): void => handled.resolve();
		const handlers = new Subscription(contract, { told }, { group: "handlers" });
		await handlers.begin(await this.broker(), background);
		const publishOne = async (meter: Meter): Promise<void> => {
			await sleep(20 + Math.random() * 40);
			handled = Promise.withResolvers();
			const startedAt = performance.now();
			const published = publish(contract.told(nextData()), background);
			await handled.promise;
			meter.add(performance.now() - startedAt);
			await published;
		};
		return {
			...facts,
			counts: "latency",
			measure: async (ms) => {
				const meter = new Meter();
				const end = performance.now() + ms;
				while (performance.now() < end) await publishOne(meter);
				return meter.measured();
			},
		};
	}

	/** Adds events that wait in a topic. */
	async fillTopic(broker: Broker, name: string): Promise<void> {
		await this.#fill(await openTopic(broker, name));
	}

	async #fill(topic: TopicLog, count: number = this.#backlog): Promise<void> {
		const contract = toldContract(topic.topic);
		for (let left = count; left > 0; left -= batch) {
			const events = Array.from({ length: Math.min(left, batch) }, () => nextRecord(contract));
			await topic.append(events, background);
		}
	}

	async close(): Promise<void> {
		await Promise.all(this.#brokers.map((broker) => broker.close()));
	}
}

function openTopic({ log }: Broker, name: string): Promise<TopicLog> {
	if (log === undefined) throw new TypeError("this broker has no log");
	return log.open(name, {}, background);
}

/** Groups that handle a number of events together. The time counts from the first event to the last. */
export class Handling {
	readonly #events: number;
	readonly #consumers: Consumer[] = [];
	readonly #all = Promise.withResolvers<void>();
	/** Undefined until the first event is handled. */
	#meter: Meter | undefined;
	#handled = 0;

	constructor(events: number) {
		this.#events = events;
	}

	/** Begins a group that handles events as an app does: checked, traced and with a deadline. */
	async begin(broker: Broker, topic: string, group: string, from: "start" | "now"): Promise<void> {
		const told = (): void => this.#count();
		const handlers = new Subscription(toldContract(topic), { told }, { group, from });
		this.#consumers.push((await handlers.begin(broker, background)).consumer);
	}

	/** Resolves when all are handled. */
	async ended(): Promise<Measured> {
		await this.#all.promise;
		const measured = this.#meter?.measured() ?? new Meter().measured();
		await Promise.all(this.#consumers.map((consumer) => consumer.close()));
		return { ...measured, calls: this.#events };
	}

	#count(): void {
		this.#meter ??= new Meter();
		if (++this.#handled === this.#events) this.#all.resolve();
	}
}
