/** Resolves once all microtasks have run, including those that they began. */
export function drained(): Promise<void> {
	return new Promise((resolve) => void setImmediate(resolve));
}
