import type { Context } from "../../context/context.ts";

/**
 * Runs an operation of a backend, and waits for it no longer than this: a backend that has gone may never answer.
 * Rejects with the error of the context when that ends before.
 */
export function attempt<T>(
	milliseconds: number,
	ctx: Context,
	run: (ctx: Context) => Promise<T>,
): Promise<T> {
	const limited = ctx.withTimeout(milliseconds);
	return new Promise<T>((resolve, reject) => {
		const unlisten = limited["~cancellation"].listen(reject);
		Promise.try(run, limited).then(
			(answer) => {
				unlisten();
				resolve(answer);
			},
			(error) => {
				unlisten();
				reject(error);
			},
		);
	});
}
