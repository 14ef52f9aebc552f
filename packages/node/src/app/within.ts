import { after } from "@allium/core/transport";

/**
 * Waits for calls in flight, but no longer than the given milliseconds.
 *
 * @throws Error when they take longer.
 */
export async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
	const late = Promise.withResolvers<never>();
	const timer = after(milliseconds, () =>
		late.reject(new Error(`calls were still in flight after ${milliseconds} ms`)),
	);
	try {
		await Promise.race([promise, late.promise]);
	} finally {
		timer.stop();
	}
}
