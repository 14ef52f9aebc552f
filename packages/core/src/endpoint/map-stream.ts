/**
 * Maps the messages of a stream, and the error that ends it. Breaking out of the result breaks out of the
 * source; so does a message that cannot be mapped.
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
						if (message === undefined) return { done: false, value: result.value as Out };
						return { done: false, value: await mapped(iterator, result.value, message) };
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

async function mapped<Out>(
	source: AsyncIterator<unknown>,
	value: unknown,
	message: (value: unknown) => Out | Promise<Out>,
): Promise<Out> {
	try {
		return await message(value);
	} catch (error) {
		// Whoever iterates sees `next` fail, and so never breaks out itself.
		source.return?.().then(undefined, () => {});
		throw error;
	}
}
