import { Context } from "@allium/core";
import { every, type Timer } from "@allium/core/transport";
import { type BoundQueue, bindLane } from "./group-queues.ts";
import type { Names } from "./names.ts";
import type { RabbitConnection } from "./rabbit-connection.ts";
import { makeExchange } from "./topic-exchange.ts";

/** The queues that are kept bound. */
export interface GroupBindingsOptions {
	readonly topic: string;
	readonly names: Names;
	readonly connection: RabbitConnection;
	/** How often they are bound again, in milliseconds. */
	readonly everyMs: number;
	/** The queues that get the events of a lane through this process. */
	readonly queues: () => readonly BoundQueue[];
}

/**
 * Keeps the queues of a group bound to the exchange of their topic. The server does not tell when an operator deletes
 * the exchange, with which all bindings go; events would be published to nobody once another process has made it again.
 */
export class GroupBindings {
	readonly #options: GroupBindingsOptions;
	readonly #timer: Timer;

	constructor(options: GroupBindingsOptions) {
		this.#options = options;
		this.#timer = every(options.everyMs, () => {
			// While the server is away, or a queue is missing, the next round does it.
			this.#bind().catch(() => {});
		});
	}

	stop(): void {
		this.#timer.stop();
	}

	async #bind(): Promise<void> {
		const { topic, names, connection, everyMs, queues } = this.#options;
		await connection.run(Context.background().withTimeout(everyMs), async (channel) => {
			await makeExchange(channel, names, topic);
			await Promise.all(queues().map((queue) => bindLane(channel, names, topic, queue)));
		});
	}
}
