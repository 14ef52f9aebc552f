import { Context, type EventValue, type Logger, type Publish } from "@allium/core";
import { type Consumer, type GroupState, Publisher, Subscription } from "@allium/core/event";
import { logBroker } from "@allium/core/log-broker";
import type { EventStore } from "@allium/core/store";
import type { RunsGroup, Workflow } from "@allium/events";

/** How long a process may be silent before another takes over its runs, in milliseconds. */
const ttlMs = 500;

const background = Context.background();
const silent: Logger = { log() {} };

/** The options with which a process works on runs. */
export interface WorkflowProcessOptions {
	/** The state of its groups. Default: that of the store. */
	readonly state?: GroupState;
	/** Publishes its events. Default: to the log of the store. */
	readonly publish?: Publish;
}

/** Works on the runs of a workflow, as a separate process would, on a store that is also the broker. */
export class WorkflowProcess {
	readonly #consumers: readonly Consumer[];
	readonly #stop: () => void;

	private constructor(consumers: readonly Consumer[], stop: () => void) {
		this.#consumers = consumers;
		this.#stop = stop;
	}

	/** Begins to work. Resolves when its groups exist. */
	static async begin(
		workflow: Workflow,
		store: EventStore,
		options: WorkflowProcessOptions = {},
	): Promise<WorkflowProcess> {
		const { state = store.state, publish = publisherOf(store) } = options;
		if (state === undefined) throw new Error("the store keeps no state of groups");
		const broker = logBroker(store.log, state, { ttlMs });
		const host = { store, name: "suite", publish, logger: silent, isCompared: false };
		const { triggers, runs, stop } = workflow["~allium"].runs(host);
		const begin = async ({ contract, handlers, options }: RunsGroup): Promise<Consumer> => {
			const subscription = new Subscription(contract, handlers, {
				...options,
				newTopic: { retainMs: Number.POSITIVE_INFINITY },
				retry: { firstDelayMs: 20, longestDelayMs: 200 },
			});
			return (await subscription.begin(broker, background.withTimeout(30_000))).consumer;
		};
		return new WorkflowProcess(await Promise.all([...triggers, runs].map(begin)), stop);
	}

	/** Finishes the work in hand, and stops. */
	async stop(): Promise<void> {
		this.#stop();
		const ctx = background.withTimeout(5_000);
		await Promise.all(this.#consumers.map((consumer) => consumer.drain(ctx)));
	}

	/** Stops at once. Another process repeats the work in hand. */
	async close(): Promise<void> {
		this.#stop();
		await Promise.all(this.#consumers.map((consumer) => consumer.close()));
	}
}

/** Publishes to the log of a store. */
export function publisherOf(store: EventStore): Publish {
	const { state } = store;
	if (state === undefined) throw new Error("the store keeps no state of groups");
	const publisher = new Publisher({ broker: logBroker(store.log, state), source: "suite" });
	return (events: EventValue | readonly EventValue[], ctx?: Context) => publisher.publish(events, ctx);
}
