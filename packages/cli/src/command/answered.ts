import { Context, errorText, isServiceError } from "@allium/core";
import { whileLasts } from "@allium/core/transport";
import { unavailable } from "./command-error.ts";

/** How long a backend may take for an answer, in milliseconds. */
const patienceMs = 10_000;

/** A backend to which a command sends requests. */
export interface AskedBackend {
	/** Its name in messages, such as "The broker". */
	readonly called: string;
	/** The URL without secrets. */
	readonly url: string;
	/** Remedies if it does not answer, one sentence each. */
	readonly remedies: readonly string[];
}

/**
 * Waits for the answer of a backend.
 *
 * @param limitMs how long at most, in milliseconds. Default: ten seconds.
 * @throws CommandError when it does not answer.
 */
export async function answered<T>(
	{ called, url, remedies }: AskedBackend,
	run: (ctx: Context) => Promise<T>,
	limitMs: number = patienceMs,
): Promise<T> {
	const { ctx, cancel } = Context.background().withTimeout(limitMs).withCancel();
	try {
		return await whileLasts(
			Promise.try(() => run(ctx)),
			ctx,
		);
	} catch (error) {
		if (ctx.error?.code === "deadline_exceeded") {
			throw unavailable(`${called} ${url} did not answer within ${limitMs / 1_000} s.`, remedies);
		}
		// The reason of an adapter stands alone; the remedy is that of the command.
		if (isServiceError(error) && error.code === "unavailable")
			throw unavailable(`${errorText(repeated(error))}.`, remedies);
		throw error;
	} finally {
		cancel();
	}
}

/** The error whose message the others repeat, each with words of its own around it. */
function repeated(error: Error): Error {
	const { cause } = error;
	return isServiceError(cause) && error.message.includes(cause.message) ? repeated(cause) : error;
}
