import { type ContextKey, contextKey } from "../context/key.ts";
import { sleep } from "../context/sleep.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { isServiceError } from "../errors/service-error.ts";
import type { Choice } from "./candidates.ts";
import type { Target } from "./target.ts";

/** The shortest pause before a call that reached nobody is tried again, in milliseconds. */
const pauseMs = 25;

/**
 * Whether a call waits, up to its deadline, until an instance of its callee is up and can be reached. Without it, such a
 * call fails at once with `unavailable`. It wins over the option `waitForReady` of the client.
 *
 * @example
 * await stock.reserve({ item }, ctx.withValue(waitForReady, true));
 */
export const waitForReady: ContextKey<boolean> = contextKey("wait for ready");

/** Whether nobody was reached, so that the call may still wait for somebody. */
function reachedNobody(error: unknown): boolean {
	if (!isServiceError(error) || error.code !== "unavailable" || !error.notExecuted) return false;
	return error.reason !== "client_closed";
}

/**
 * The attempts of calls that wait for an instance that can be reached. A call whose input is a stream waits for its first
 * instance, but is not tried again: its input cannot be read twice.
 */
export function attemptWhenReady(attempt: Endpoint, target: Target, choice: Choice): Endpoint {
	return async (input, ctx) => {
		let failure: unknown;
		for (;;) {
			try {
				await target.whenReady(choice, ctx);
			} catch (error) {
				// Why nobody was reached helps more than that time is up.
				throw failure ?? error;
			}
			try {
				return await attempt(input, ctx);
			} catch (error) {
				if (choice.takesStream || !reachedNobody(error) || ctx.error !== undefined) throw error;
				failure = error;
			}
			await sleep(pauseMs, ctx).catch(() => Promise.reject(failure));
		}
	};
}
