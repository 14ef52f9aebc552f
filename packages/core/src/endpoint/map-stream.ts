/**
 * Maps the messages of a stream, and the error that ends it. Breaking out of the result breaks out of the
 * source.
 */
export function mapStream<Out>(
	source: unknown,
	message: ((value: unknown) => Out | Promise<Out>) | undefined,
	fail?: (error: unknown) => never,
): AsyncIterable<Out> {
	return {
		[Symbol.asyncIterator]() {
			const iterator = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
			return {
				async next() {
					try {
						const result = await iterator.next();
						if (result.done === true) return { done: true, value: undefined };
						const value = message === undefined ? (result.value as Out) : await message(result.value);
						return { done: false, value };
					} catch (error) {
						if (fail !== undefined) fail(error);
						throw error;
					}
				},
				async return() {
					await iterator.return?.();
					return { done: true, value: undefined };
				},
			};
		},
	};
}
