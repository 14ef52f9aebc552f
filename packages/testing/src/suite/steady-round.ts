import { every } from "@allium/core/transport";

const tickMs = 5;

/**
 * Runs a round of a test until one passes, or fails while this process did not stand still. A process that stands still
 * for too long loses its leases, as it must, so that such a round shows nothing.
 *
 * @param longestMs How long this process may stand still, in milliseconds.
 * @param round Each round leaves behind nothing that spoils the next. Its number begins at 0.
 */
export async function steadyRound(
	longestMs: number,
	round: (number: number) => Promise<void>,
): Promise<void> {
	for (let number = 0; ; number++) {
		let [tickedAt, stoodMs] = [performance.now(), 0];
		const tick = (): void => {
			const now = performance.now();
			stoodMs = Math.max(stoodMs, now - tickedAt);
			tickedAt = now;
		};
		const ticking = every(tickMs, tick);
		try {
			return await round(number);
		} catch (error) {
			tick();
			if (stoodMs <= longestMs) throw error;
		} finally {
			ticking.stop();
		}
	}
}
