import type { Context } from "../../context/context.ts";
import { ServiceError } from "../../errors/service-error.ts";

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
		const unlisten = limited["~cancellation"].listen((error) =>
			reject(ctx.error === undefined ? noAnswer(milliseconds) : error),
		);
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

function noAnswer(milliseconds: number): ServiceError {
	return new ServiceError({ code: "deadline_exceeded", message: `no answer within ${milliseconds} ms` });
}
