import { errorText } from "../errors/error-text.ts";
import { isServiceError, type ServiceError } from "../errors/service-error.ts";
import { isRefusal, isTrouble } from "../errors/trouble.ts";
import { backoffDelay } from "../time/backoff.ts";
import type { Verdict } from "./broker.ts";
import type { HandlingError } from "./group-state.ts";
import type { RedeliveryOptions } from "./subscribe-options.ts";

/** The bound of the delay of an event that waits for something else that is in trouble, in milliseconds. */
const troubleDelayMs = 5_000;

/** The longest text of an error that is kept, in UTF-16 code units. */
const longestMessage = 500;

/** The verdict on an event whose handler threw. */
export function verdictOn(
	thrown: unknown,
	attempt: number,
	{ attempts, firstDelayMs, longestDelayMs }: Required<RedeliveryOptions>,
): Verdict {
	const error = handlingError(thrown);
	if (isServiceError(thrown) && !mayGetBetter(thrown)) return { do: "park", error };
	const blameless = isServiceError(thrown) && isBlameless(thrown);
	if (!blameless && attempt >= attempts) return { do: "park", error };
	const bound = backoffDelay({ firstMs: firstDelayMs, longestMs: longestDelayMs }, attempt);
	const asked = (isServiceError(thrown) ? thrown.retryAfterMs : undefined) ?? 0;
	const jitter = Math.random() * (blameless ? Math.max(bound, troubleDelayMs) : bound);
	return { do: "retry", afterMs: asked + jitter, blameless, error };
}

/** Whether another attempt may succeed. A permanent refusal would only be repeated. */
function mayGetBetter(error: ServiceError): boolean {
	const { code } = error;
	if (code === "aborted" || code === "resource_exhausted" || code === "canceled") return true;
	// Another version of the callee may have the method.
	return isTrouble(error) || isRefusal(error);
}

/** Whether something else is in trouble, so that the event is not to blame. Open circuits are `unavailable`, too. */
function isBlameless({ code }: ServiceError): boolean {
	return code === "unavailable" || code === "resource_exhausted";
}

/**
 * The error that is kept with an event whose handler threw. A handler may throw any value, even one that cannot be
 * examined.
 */
export function handlingError(thrown: unknown): HandlingError {
	const { code, reason } = isServiceError(thrown) ? thrown : { code: "internal", reason: undefined };
	const message = isServiceError(thrown) ? thrown.message : errorText(thrown);
	return { code, ...(reason !== undefined && { reason }), message: message.slice(0, longestMessage) };
}
