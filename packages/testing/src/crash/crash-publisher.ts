import type { Context } from "@allium/core";
import type { BrokerTopic } from "@allium/core/event";
import { pause } from "../suite/eventually.ts";
import { crashEvents, poisonKey } from "./crash-event.ts";

/** How long one call may take, in milliseconds. An event that is not acknowledged by then is published again. */
const callMs = 5_000;

/** The pause between calls, in milliseconds. It leaves the machine time for the workers. */
const pauseMs = 25;

/** Publishes events, one of each key a call, and records the acknowledged ones. */
export class CrashPublisher {
	/** The ids that were acknowledged, in the order of their keys. */
	readonly acknowledged: string[] = [];
	/** How many of these can be handled. */
	healthy = 0;
	readonly #topic: BrokerTopic;
	readonly #ctx: Context;
	readonly #mayGoOn: () => boolean;
	#isStopped = false;
	readonly #done: Promise<void>;

	/** @param mayGoOn Whether the workers are close enough behind. */
	constructor(topic: BrokerTopic, ctx: Context, mayGoOn: () => boolean) {
		this.#topic = topic;
		this.#ctx = ctx;
		this.#mayGoOn = mayGoOn;
		this.#done = this.#run();
	}

	/** Stops publishing. Resolves when the last call is acknowledged. */
	async stop(): Promise<void> {
		this.#isStopped = true;
		await this.#done;
	}

	async #run(): Promise<void> {
		for (let round = 0; !this.#isStopped; round++) {
			await this.#publish(round);
			do await pause(pauseMs);
			while (!this.#isStopped && !this.#mayGoOn());
		}
	}

	/** Publishes under the same ids until they are acknowledged, so that the order of each key stays. */
	async #publish(round: number): Promise<void> {
		const events = crashEvents(round);
		for (;;) {
			try {
				await this.#topic.publish(events, this.#ctx.withTimeout(callMs));
				this.acknowledged.push(...events.map(({ id }) => id));
				this.healthy += events.filter(({ key }) => key !== poisonKey).length;
				return;
			} catch (error) {
				if (this.#ctx.error !== undefined) throw error;
				await pause(50);
			}
		}
	}
}
