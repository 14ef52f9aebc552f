/**
 * Waits again for what has not come in time, as long as there is progress: a slow server is no loss. Returns whether it
 * came.
 *
 * @param progress grows with each step towards it.
 * @param wait rejects when it has not come in time.
 */
export async function whileProgress(progress: () => number, wait: () => Promise<void>): Promise<boolean> {
	for (;;) {
		const before = progress();
		try {
			await wait();
			return true;
		} catch {
			if (progress() === before) return false;
		}
	}
}
