import { after } from "@allium/core/transport";

/**
 * Runs an attempt until it passes, and resolves to its result. Rejects with its last error when the time is over, in
 * milliseconds.
 */
export async function eventually<T>(
	attempt: () => T | Promise<T>,
	{ patienceMs, intervalMs = 5 }: { readonly patienceMs: number; readonly intervalMs?: number },
): Promise<T> {
	const end = performance.now() + patienceMs;
	for (;;) {
		try {
			return await attempt();
		} catch (error) {
			if (performance.now() >= end) throw error;
		}
		await pause(intervalMs);
	}
}

/** Waits for the given milliseconds, if there is no condition to wait for. */
export function pause(milliseconds: number): Promise<void> {
	return new Promise((resolve) => after(milliseconds, resolve));
}
