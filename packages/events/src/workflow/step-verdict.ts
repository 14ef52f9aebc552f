import { errorText, isServiceError, isTrouble, type Method, ServiceError } from "@allium/core";
import { isDeclared, isRefusal } from "@allium/core/transport";
import type { StepKind } from "./journal-entry.ts";

/** After how many attempts a step is given up that fails by its own fault, as far as one can know. */
const mostAttempts = 8;
const firstDelayMs = 500;
const longestDelayMs = 5 * 60_000;

/** The verdict on a step that failed. */
export type StepVerdict =
	/** The error is the result. */
	| { readonly do: "settle"; readonly error: ServiceError }
	| {
			readonly do: "retry";
			readonly error: ServiceError;
			readonly afterMs: number;
			readonly attempts: number;
	  }
	| { readonly do: "park"; readonly error: ServiceError };

/** A step that failed. */
export interface FailedStep {
	readonly kind: StepKind;
	/** The method that it called, where that is known. */
	readonly method: Method | undefined;
	/** The attempts before that count. */
	readonly attempts: number;
	/** All attempts before. */
	readonly tries: number;
}

/** Judges the error that a step threw. */
export function verdictOnStep(thrown: unknown, { kind, method, attempts, tries }: FailedStep): StepVerdict {
	const error = isServiceError(thrown) ? thrown : ownError(thrown);
	if (isServiceError(thrown)) {
		if (isResult(thrown, method)) return { do: "settle", error };
		if (!mayGetBetter(thrown)) return kind === "step" ? { do: "settle", error } : { do: "park", error };
	}
	const counted = attempts + (isServiceError(thrown) && isBlameless(thrown) ? 0 : 1);
	if (counted >= mostAttempts) return { do: "park", error };
	const bound = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(tries, 20));
	const afterMs = (error.retryAfterMs ?? 0) + bound * (0.5 + Math.random() / 2);
	return { do: "retry", error, afterMs, attempts: counted };
}

/**
 * Declared errors are results. The declarations of a function that belongs to no client are not known, but declared
 * errors have a domain.
 */
function isResult(error: ServiceError, method: Method | undefined): boolean {
	if (method !== undefined) return isDeclared(method, error);
	return error.domain !== undefined && error.reason !== undefined && !isTrouble(error);
}

function mayGetBetter(error: ServiceError): boolean {
	return isBlameless(error) || isTrouble(error) || isRefusal(error);
}

/** Whether the trouble is that of others: then it is tried again until it is over. */
function isBlameless({ code }: ServiceError): boolean {
	return (
		code === "unavailable" ||
		code === "resource_exhausted" ||
		code === "aborted" ||
		code === "deadline_exceeded" ||
		code === "canceled"
	);
}

/**
 * Unlike errors that are sent to others, an error in the journal keeps its message, because the journal belongs to the
 * owner.
 */
function ownError(thrown: unknown): ServiceError {
	const message = errorText(thrown).slice(0, 1_000);
	return new ServiceError({ code: "internal", message, cause: thrown });
}
