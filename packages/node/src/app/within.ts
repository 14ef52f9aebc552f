/**
 * Waits for calls in flight, but no longer than so many milliseconds.
 *
 * @throws Error when they take longer.
 */
export async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(
			() => reject(new Error(`calls were still in flight after ${milliseconds} ms`)),
			milliseconds,
		);
	});
	try {
		await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}
