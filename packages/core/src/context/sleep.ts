import { after } from "../time/timer.ts";
import type { Context } from "./context.ts";

/** Waits so many milliseconds. Rejects early, with the context's error, when the context ends. */
export function sleep(milliseconds: number, ctx: Context): Promise<void> {
	return new Promise((resolve, reject) => {
		// The timer first: a context that has ended calls back at once.
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
