import { leave } from "../endpoint/leave-stream.ts";

/** Somebody waits for the next message of a stream; after that, perhaps, for another. */
interface Demand {
	readonly iterator: AsyncIterator<unknown>;
	readonly message: PromiseWithResolvers<IteratorResult<unknown>>;
	readonly following: Promise<Demand>;
}

/**
 * A stream that is made in the asynchronous context of whoever calls this, not of whoever reads it: a generator
 * runs where `next` is called. That it is called by one loop here costs a promise a message, where entering the
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
				// At once, as a message may be waited for that never comes.
				return: () => leave(iterator),
			};
		},
	};
}

/** Runs for as long as there are demands; then it is garbage, with the stream. */
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
