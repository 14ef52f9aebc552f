import { type AnyContract, Context, type Logger } from "@allium/core";
import { type Broker, type Consumer, Relay, Subscription } from "@allium/core/event";
import type { OwnedEventStore, ViewStore } from "@allium/core/store";
import { after } from "@allium/core/transport";
import type { RunningView, RunsGroup, View, ViewHost, ViewLog, Workflow } from "@allium/events";
import { drained } from "./drained.ts";
import type { NodeMessaging, Subscribed } from "./node-messaging.ts";
import type { SimulatedEventStore } from "./simulated-event-store.ts";

/** How long the start of a view or a workflow may take, in milliseconds. */
const beginTimeoutMs = 10_000;

/** A view that a node builds. */
export interface Projected<Reader> {
	readonly reader: Reader;
	/** Stops at once. Another node continues. */
	stop(): Promise<void>;
}

/** A workflow that a node works on. */
export type Orchestrated = Pick<Subscribed, "stop">;

/** The parts that `NodeSourcing` needs from its node. */
export interface NodeSourcingOptions {
	readonly name: string;
	readonly logger: Logger;
	/** Makes the node's access to the store. */
	readonly store: (keeps: (contract: AnyContract) => void) => SimulatedEventStore;
	readonly views: ViewStore;
	/** Delivers the events of the store. */
	readonly source: () => Broker;
	readonly messaging: NodeMessaging;
	/** Whether the store is another backend than the broker, so that relays forward the public events. */
	readonly isApart: boolean;
	/** How long a process may be silent before another takes over its views, in milliseconds. */
	readonly ttlMs?: number | undefined;
}

/** Event sourcing in one life of a node: commands, views, workflows. */
export class NodeSourcing {
	readonly store: OwnedEventStore;
	readonly views: ViewStore;
	/** Delivers the events of the store. */
	readonly source: Broker;
	readonly #options: NodeSourcingOptions;
	readonly #kept = new Set<string>();
	readonly #running = new Map<string, RunningView>();

	constructor(options: NodeSourcingOptions) {
		this.#options = options;
		const store = options.store((contract) => this.#keep(contract));
		this.store = store;
		this.views = options.views;
		this.source = options.isApart ? options.source() : options.messaging.broker;
	}

	async project<Reader>(view: View<Reader>): Promise<Projected<Reader>> {
		const running = view["~allium"].run(this.#host);
		await running.start(beginning());
		this.#running.set(running.name, running);
		return {
			reader: this.view(view),
			stop: async () => {
				this.#running.delete(running.name);
				await running.stop();
			},
		};
	}

	view<Reader>(view: View<Reader>): Reader {
		return view["~allium"].read(this.#host);
	}

	async orchestrate(workflow: Workflow): Promise<Orchestrated> {
		const { name, logger, messaging } = this.#options;
		const host = { name, logger, store: this.store, publish: messaging.publish, isCompared: true };
		const { triggers, runs, stop } = workflow["~allium"].runs(host);
		const consumers = await allOrNone([
			...triggers.map((group) => this.#begin(group, messaging.broker)),
			this.#begin(runs, this.source),
		]);
		return {
			stop: async ({ gracePeriodMs = 10_000 } = {}) => {
				stop();
				await drained(consumers, gracePeriodMs);
			},
		};
	}

	/**
	 * Describes a view of this process that still lacks events. Undefined if there is none.
	 *
	 * @param known The views to leave out, because another process has told of them. Adds those that have all events.
	 */
	async undelivered(known: Set<string>): Promise<string | undefined> {
		for (const [name, view] of this.#running) {
			if (known.has(name)) continue;
			const { lag, trouble } = await view.status(Context.background().withTimeout(1_000));
			if (lag !== 0) return `the view ${name} lacks ${lag ?? "unknown"} events (${trouble ?? "it goes on"})`;
			known.add(name);
		}
		return undefined;
	}

	async close(): Promise<void> {
		await Promise.all(Array.from(this.#running.values(), (view) => view.stop()));
		this.#running.clear();
		if (this.#options.isApart) await this.source.close();
	}

	async #begin({ contract, handlers, options }: RunsGroup, broker: Broker): Promise<Consumer> {
		const { logger } = this.#options;
		const newTopic = { retainMs: Number.POSITIVE_INFINITY };
		const subscription = new Subscription(contract, handlers, { ...options, newTopic, logger });
		return (await subscription.begin(broker, beginning())).consumer;
	}

	/** Makes the commands of this process write the events of a contract to the store. */
	#keep(contract: AnyContract): void {
		const { name, events } = contract["~allium"];
		if (this.#kept.has(name)) return;
		this.#kept.add(name);
		if (this.#options.isApart && events.some((event) => !event.private)) void this.#relay(contract);
	}

	/** Begins to forward, as soon as the backends answer. */
	async #relay(contract: AnyContract): Promise<void> {
		const { logger, messaging } = this.#options;
		const relay = new Relay({ contract, source: this.source, target: messaging.broker, logger });
		for (;;) {
			try {
				await relay.begin(beginning());
				return;
			} catch (error) {
				logger.log("warn", `the relay of ${contract["~allium"].name} has not begun: ${error}`);
				await new Promise<void>((resolve) => after(500, resolve));
			}
		}
	}

	get #host(): ViewHost {
		const { views: store, logger, ttlMs } = this.#options;
		const open = (topic: string, ctx: Context): Promise<ViewLog> => this.#log(topic, ctx);
		return { store, logger, open, ...(ttlMs !== undefined && { ttlMs }) };
	}

	async #log(topic: string, ctx: Context): Promise<ViewLog> {
		const { isApart, messaging } = this.#options;
		const { log } = messaging.broker;
		if (isApart && !this.#kept.has(topic) && log !== undefined) {
			return { topic: await log.open(topic, {}, ctx) };
		}
		const opened = await this.store.log.open(topic, {}, ctx);
		return { topic: opened, identity: await this.store.identity(ctx) };
	}
}

function beginning(): Context {
	return Context.background().withTimeout(beginTimeoutMs);
}

/** Waits for consumers that begin together. If one cannot begin, the others end. */
async function allOrNone(beginning: readonly Promise<Consumer>[]): Promise<readonly Consumer[]> {
	const results = await Promise.allSettled(beginning);
	const begun = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
	const failed = results.find((result) => result.status === "rejected");
	if (failed === undefined) return begun;
	await Promise.all(begun.map((consumer) => consumer.close()));
	throw failed.reason;
}
