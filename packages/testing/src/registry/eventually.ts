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
		await new Promise<void>((resolve) => after(intervalMs, resolve));
	}
}
