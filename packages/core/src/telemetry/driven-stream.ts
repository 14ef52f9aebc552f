import { leave } from "../endpoint/leave-stream.ts";

/** A request for the next message of a stream, and then perhaps for another. */
interface Demand {
	readonly iterator: AsyncIterator<unknown>;
	readonly message: PromiseWithResolvers<IteratorResult<unknown>>;
	readonly following: Promise<Demand>;
}

/**
 * A stream that is produced in the asynchronous context of the caller of this function, not of its reader: a
 * generator runs where `next` is called. Here one loop calls it, which costs a promise for each message. Entering the
 * context for each message would cost several times as much.
 */
export function driven(source: AsyncIterable<unknown>): AsyncIterable<unknown> {
	let demanded = Promise.withResolvers<Demand>();
	void drive(demanded.promise);
	return {
		[Symbol.asyncIterator]() {
			const iterator = source[Symbol.asyncIterator]();
			return {
				next() {
					const message = Promise.withResolvers<IteratorResult<unknown>>();
					const following = Promise.withResolvers<Demand>();
					demanded.resolve({ iterator, message, following: following.promise });
					demanded = following;
					return message.promise;
				},
				// At once, because the reader may be waiting for a message that never comes.
				return: () => leave(iterator),
			};
		},
	};
}

/** Runs as long as there are demands. After that it is garbage, together with the stream. */
async function drive(first: Promise<Demand>): Promise<never> {
	for (let demand = await first; ; demand = await demand.following) {
		const { iterator, message } = demand;
		try {
			message.resolve(await iterator.next());
		} catch (error) {
			message.reject(error);
		}
	}
}
