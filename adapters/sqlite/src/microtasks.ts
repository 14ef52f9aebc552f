import { refusal } from "@allium/core/adapter";

/**
 * The result of work that awaits only promises which settle in microtasks. Rejects if the work has not ended although
 * no microtask is left, because it then awaits a timer, a file or the network. A tick of the process runs exactly then,
 * before any of these.
 */
export function endedInMicrotasks<T>(work: () => Promise<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		// The work begins in a microtask, and an error that it throws becomes a rejection.
		Promise.resolve().then(work).then(resolve, reject);
		process.nextTick(() => reject(awaitsOther()));
	});
}

function awaitsOther(): Error {
	return refusal(
		"the work of a transaction awaits something else than its transaction, and meanwhile nothing else could be " +
			"written: fetch what it needs before the transaction, and await only what it is given",
	);
}
