/** Resolves in the next turn of the event loop, so that everything else has its turn before. */
export function nextTurn(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
