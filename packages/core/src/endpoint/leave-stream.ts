/**
 * Leaves a stream before its end, and waits until its producer has stopped. Returns what a consumer's `return`
 * returns.
 */
export async function leave(
	messages: AsyncIterator<unknown> | undefined,
): Promise<IteratorReturnResult<undefined>> {
	await messages?.return?.();
	return { done: true, value: undefined };
}

/**
 * Leaves a stream that nobody waits for. A producer that fails while it is stopped, even at once, has nobody left to
 * tell.
 */
export function abandon(messages: AsyncIterator<unknown> | undefined): void {
	if (messages !== undefined) leave(messages).then(undefined, nothing);
}

function nothing(): void {}
