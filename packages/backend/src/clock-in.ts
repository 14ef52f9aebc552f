import type { RegistryClock } from "@allium/core/registry";
import type { BackendAnswer } from "./http-backend.ts";

/**
 * The time of the server in the header `date` of an answer. Undefined if there is no such header. It has whole seconds.
 */
export function clockIn({ headers }: BackendAnswer): RegistryClock | undefined {
	const now = Date.parse(headers.date ?? "");
	return Number.isNaN(now) ? undefined : { now, resolutionMs: 1_000 };
}
