import type { Context } from "../context/context.ts";
import type { ServiceError } from "../errors/service-error.ts";

/**
 * The end of a call by its own deadline, where a callee answers that time is up: the callee was given the same
 * deadline, and its answer may come before the timer of this side fires. Otherwise the answer itself.
 */
export function ownDeadline(answer: ServiceError, ctx: Context): ServiceError {
	if (answer.code !== "deadline_exceeded") return answer;
	return ctx.error?.code === "deadline_exceeded" ? ctx.error : answer;
}
