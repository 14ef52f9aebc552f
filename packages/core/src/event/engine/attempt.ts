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
	const { ctx: limited, cancel } = ctx.withTimeout(milliseconds).withCancel();
	return new Promise<T>((resolve, reject) => {
		const unlisten = limited["~cancellation"].listen(reject);
		const end = (settle: () => void): void => {
			unlisten();
			settle();
			cancel();
		};
		Promise.try(run, limited).then(
			(answer) => end(() => resolve(answer)),
			(error) => end(() => reject(error)),
		);
	});
}
