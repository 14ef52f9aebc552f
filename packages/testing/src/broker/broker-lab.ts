import { Context } from "@allium/core";
import type {
	Broker,
	BrokerTopic,
	Consumer,
	EventRecord,
	GroupId,
	GroupSpec,
	ParkedEvent,
	TopicOptions,
} from "@allium/core/event";
import { expect } from "vitest";
import { BackendLab } from "../suite/backend-lab.ts";
import type { BrokerOpenOptions, BrokerSetup, CutBroker } from "./broker-setup.ts";
import { Recorder } from "./recorder.ts";

/** The root of all contexts of the suite. */
export const background: Context = Context.background();

/** The topic of the suite. */
export const topicName = "matches";

/** The group of tests that need only one. */
export const rewards: GroupId = { topic: topicName, group: "rewards" };

/**
 * The time to live of leases in tests that do not wait for it to pass, in milliseconds. A lane that changes hands
 * sooner was given up.
 */
export const longTtlMs = 20_000;

/** The broker of one test. */
export class BrokerLab extends BackendLab<Broker, BrokerSetup> {
	#topic: BrokerTopic | undefined;

	/** Opens a broker, as another process would. */
	async broker(options: BrokerOpenOptions = { ttlMs: longTtlMs }): Promise<Broker> {
		return this.closing(await this.setup.open(options));
	}

	/** Opens a broker that can be cut off. Undefined if the setup has no way to. */
	async cutBroker(): Promise<CutBroker | undefined> {
		const { openCut, target, ttlMs } = this.setup;
		if (openCut !== undefined) {
			const cut = await openCut({ ttlMs });
			this.closing({
				close: async () => {
					cut.heal();
					await cut.broker.close();
				},
			});
			return cut;
		}
		if (target === undefined) return undefined;
		const proxy = await this.proxy();
		const broker = await this.broker({ ttlMs, target: proxy.url });
		return { broker, cut: () => proxy.add({ fault: "stall" }), heal: () => proxy.heal() };
	}

	/** Opens a further handle on the topic, for publishing. The topic has four lanes unless the test says otherwise. */
	async topic(options: TopicOptions = { lanes: 4 }): Promise<BrokerTopic> {
		this.#topic = await (await this.broker()).open(topicName, options, background);
		return this.#topic;
	}

	/** Works on a group. Fields that `change` does not give have the values of most tests. */
	async consume(
		broker: Broker,
		recorder: Pick<Recorder, "deliver">,
		change: Partial<GroupSpec> = {},
	): Promise<Consumer> {
		const park = this.#topic?.features.park === "key" ? "key" : "event";
		const spec: GroupSpec = {
			...rewards,
			from: "now",
			handles: { started: 1, ended: 1 },
			concurrency: 16,
			bytes: 4 * 1024 * 1024,
			each: false,
			park,
			...change,
		};
		return broker.consume(spec, recorder.deliver, background);
	}

	/** Starts a process that works on a group: opens a broker, and consumes. */
	async worker(
		recorder: Recorder = new Recorder(),
		change: Partial<GroupSpec> = {},
		options?: BrokerOpenOptions,
	): Promise<Worker> {
		const broker = await this.broker(options);
		const consumer = await this.consume(broker, recorder, change);
		return { broker, consumer, recorder };
	}

	/** Waits until so many deliveries were handled. */
	handles(recorder: Recorder, count: number): Promise<void> {
		return this.eventually(() => expect(new Set(recorder.handled).size).toBeGreaterThanOrEqual(count));
	}

	/** Waits until the group has handled everything and has nothing in hand. */
	async settles({ consumer }: Worker): Promise<void> {
		await this.eventually(async () => {
			const { lag, retrying } = await consumer.report(background);
			expect({ lag: lag ?? 0, retrying: retrying ?? 0 }).toEqual({ lag: 0, retrying: 0 });
		}, 20);
	}

	/** Waits until the consumer holds so many lanes. */
	async holds({ consumer }: Worker, lanes: number): Promise<void> {
		await this.eventually(async () => expect((await consumer.report(background)).lanes).toBe(lanes));
	}
}

/** A process that works on a group. */
export interface Worker {
	readonly broker: Broker;
	readonly consumer: Consumer;
	readonly recorder: Recorder;
}

/** All parked events of a group. */
export async function parkedOf(broker: Broker, id: GroupId = rewards): Promise<ParkedEvent[]> {
	return [...(await broker.parking(id).list({ limit: 1_000 }, background)).items];
}

/** Publishes events one call after another, in order. */
export async function publishEach(topic: BrokerTopic, events: readonly EventRecord[]): Promise<void> {
	for (const event of events) await topic.publish([event], background);
}

export function idsOf(events: readonly EventRecord[]): string[] {
	return events.map(({ id }) => id);
}
