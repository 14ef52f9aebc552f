const signals = ["SIGINT", "SIGTERM"] as const;

/** npm forwards a Ctrl-C that the terminal has sent already, so signals this close together are one request. */
const togetherMs = 400;

const parentPollMs = 500;

/**
 * Calls `stop` on the first request to stop, and `force` on every later one. Under npm, the end of npm is such a
 * request too. Returns a function that stops listening.
 */
export function onStopSignals(stop: () => void, force: () => void): () => void {
	let firstAt: number | undefined;
	const onSignal = (): void => {
		if (firstAt === undefined) {
			firstAt = performance.now();
			stop();
		} else if (performance.now() - firstAt > togetherMs) {
			force();
		}
	};
	for (const signal of signals) process.on(signal, onSignal);
	const parent = process.ppid;
	const watchParent = setInterval(() => {
		if (process.ppid === parent || firstAt !== undefined) return;
		onSignal();
	}, parentPollMs);
	if (process.env.npm_lifecycle_event === undefined) clearInterval(watchParent);
	return () => {
		clearInterval(watchParent);
		for (const signal of signals) process.off(signal, onSignal);
	};
}
