import type { Context } from "@allium/core";
import { EventIds, type EventStore } from "@allium/core/store";
import { whileLasts } from "@allium/core/transport";

const queues = new WeakMap<EventStore, StreamQueue>();
const ids = new WeakMap<EventStore, EventIds>();

/** Makes the ids of the events that this process sends to a store. */
export function idsOf(store: EventStore): EventIds {
	const known = ids.get(store) ?? new EventIds();
	ids.set(store, known);
	return known;
}

/** The queue of the commands that this process sends to a store. */
export function queueOf(store: EventStore): StreamQueue {
	const queue = queues.get(store) ?? new StreamQueue();
	queues.set(store, queue);
	return queue;
}

/**
 * Lets the commands of one stream run one after another. Otherwise only one of several concurrent commands would
 * succeed, because it changes the version of the stream. Concurrent commands of other processes are detected by the
 * version.
 */
export class StreamQueue {
	/** Settles when the last command of a stream has ended. */
	readonly #last = new Map<string, Promise<void>>();

	/** Runs a command when its turn comes. Rejects with the context's error when that ends before. */
	async run<T>(stream: string, ctx: Context, command: () => Promise<T>): Promise<T> {
		const before = this.#last.get(stream);
		const ended = Promise.withResolvers<void>();
		this.#last.set(stream, ended.promise);
		const end = (): void => {
			if (this.#last.get(stream) === ended.promise) this.#last.delete(stream);
			ended.resolve();
		};
		if (before !== undefined) {
			try {
				await whileLasts(before, ctx);
			} catch (error) {
				// The commands behind it still wait for the command before it.
				before.then(end);
				throw error;
			}
		}
		try {
			return await whileLasts(command(), ctx);
		} finally {
			end();
		}
	}
}
