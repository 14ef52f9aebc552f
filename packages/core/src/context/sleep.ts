import { after } from "../time/timer.ts";
import type { Context } from "./context.ts";

/** Waits for the given milliseconds. When the context ends before, it rejects with the context's error. */
export function sleep(milliseconds: number, ctx: Context): Promise<void> {
	return new Promise((resolve, reject) => {
		// The timer comes first, because a context that has ended calls back at once.
		const timer = after(milliseconds, () => {
			unlisten();
			resolve();
		});
		const unlisten = ctx["~cancellation"].listen((error) => {
			timer.stop();
			reject(error);
		});
	});
}
