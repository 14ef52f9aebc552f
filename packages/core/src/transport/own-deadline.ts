import type { Context } from "../context/context.ts";
import type { ServiceError } from "../errors/service-error.ts";

/**
 * The error of a call's own deadline, where a callee answers that time is up. The callee has the same deadline, and
 * its answer may arrive before the timer of this side fires. Any other answer is returned as it is.
 */
export function ownDeadline(answer: ServiceError, ctx: Context): ServiceError {
	if (answer.code !== "deadline_exceeded") return answer;
	return ctx.error?.code === "deadline_exceeded" ? ctx.error : answer;
}
