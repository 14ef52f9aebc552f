const signals = ["SIGINT", "SIGTERM"] as const;

/** npm forwards a Ctrl-C that the terminal has sent already, so signals this close together are one request. */
const togetherMs = 400;

const parentPollMs = 500;

/** A request to stop. The end of npm counts as SIGTERM. */
export type StopSignal = (typeof signals)[number];

/**
 * Calls `stop` on the first request to stop, and `force` on every later one. Under npm, the end of npm is such a
 * request too. Returns a function that stops listening.
 */
export function onStopSignals(
	stop: (signal: StopSignal) => void,
	force: (signal: StopSignal) => void,
): () => void {
	let firstAt: number | undefined;
	const onSignal = (signal: StopSignal): void => {
		if (firstAt === undefined) {
			firstAt = performance.now();
			stop(signal);
		} else if (performance.now() - firstAt > togetherMs) {
			force(signal);
		}
	};
	for (const signal of signals) process.on(signal, onSignal);
	const parent = process.ppid;
	const watchParent = setInterval(() => {
		if (process.ppid === parent || firstAt !== undefined) return;
		onSignal("SIGTERM");
	}, parentPollMs);
	if (process.env.npm_lifecycle_event === undefined) clearInterval(watchParent);
	return () => {
		clearInterval(watchParent);
		for (const signal of signals) process.off(signal, onSignal);
	};
}
