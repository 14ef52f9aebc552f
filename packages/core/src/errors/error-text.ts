import type { Callee } from "./callee.ts";
import { reasonOf } from "./reason.ts";
import { isServiceError, type ServiceError } from "./service-error.ts";

/** The most causes that are written, because an error may be its own cause. */
const mostCauses = 8;

/**
 * An error and its causes in one line for a log: code, reason and message, then the callee, its address and why. For
 * example `unavailable; caused by unavailable: cannot reach allium://10.0.0.3:4000: connect ECONNREFUSED
 * 10.0.0.3:4000 (stock/take, instance 3f2a)`. Never throws, whatever was caught.
 */
export function errorText(error: unknown): string {
	const parts = [ownText(error)];
	let told = parts[0] ?? "";
	let cause = causeOf(error);
	for (let depth = 0; cause !== undefined && depth < mostCauses; depth++) {
		const text = ownText(cause) + (isServiceError(cause) ? placeText(cause.callee, told) : "");
		// An error that wraps another often repeats its text.
		if (!told.includes(text)) parts.push(text);
		told = text;
		cause = causeOf(cause);
	}
	return parts.join("; caused by ");
}

function ownText(error: unknown): string {
	return isServiceError(error) ? codedText(error) : reasonOf(error);
}

function codedText({ code, reason, message }: ServiceError): string {
	const named = reason === undefined || reason === code ? code : `${code} (${reason})`;
	return message === code || message === reason ? named : `${named}: ${message}`;
}

function placeText(callee: Callee | undefined, told: string): string {
	if (callee === undefined) return "";
	const { method, instance, address } = callee;
	const places = [method];
	if (instance !== undefined && instance !== address) places.push(`instance ${instance}`);
	if (address !== undefined) places.push(address);
	const text = ` (${places.join(", ")})`;
	return told.includes(text) ? "" : text;
}

function causeOf(error: unknown): unknown {
	try {
		return error instanceof Error ? error.cause : undefined;
	} catch {
		return undefined;
	}
}
