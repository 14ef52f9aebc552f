import { after } from "@allium/core/transport";

/** Runs an assertion until it passes. Rejects with its last error when the time is over, in milliseconds. */
export async function eventually(
	assertion: () => void | Promise<void>,
	{ patienceMs, intervalMs = 5 }: { readonly patienceMs: number; readonly intervalMs?: number },
): Promise<void> {
	const end = performance.now() + patienceMs;
	for (;;) {
		try {
			await assertion();
			return;
		} catch (error) {
			if (performance.now() >= end) throw error;
		}
		await pause(intervalMs);
	}
}

/** Lets time pass, in milliseconds, where there is no condition to wait for. */
export function pause(milliseconds: number): Promise<void> {
	return new Promise((resolve) => after(milliseconds, resolve));
}
