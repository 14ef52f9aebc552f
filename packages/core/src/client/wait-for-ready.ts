import type { Context } from "../context/context.ts";
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
 * Makes the attempts of calls wait for an instance where the call, or by default the client, asks for it. A call whose
 * input is a stream waits for its first instance, but is not tried again: its input cannot be read twice.
 */
export function waiting(
	attempt: Endpoint,
	{ target, choice, byDefault, once }: { target: Target; choice: Choice; byDefault: boolean; once: boolean },
): Endpoint {
	const attemptWhenReady = async (input: unknown, ctx: Context): Promise<unknown> => {
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
				if (once || !reachedNobody(error) || ctx.error !== undefined) throw error;
				failure = error;
			}
			await sleep(pauseMs, ctx).catch(() => Promise.reject(failure));
		}
	};
	return (input, ctx) => {
		const waits = ctx.get(waitForReady) ?? byDefault;
		return waits ? attemptWhenReady(input, ctx) : attempt(input, ctx);
	};
}
