import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";

/**
 * Lets a call in only when the predicate returns `true`; otherwise the call fails with `permission_denied`. The
 * predicate may throw an error that the caller should see, such as `unauthenticated`. It does not find out the
 * caller's identity: a guard did so before and put it into the context. A stream is judged once, when it is opened;
 * its input messages are not examined. For servers.
 *
 * After the guards of Typhon's filters and gRPC's authorization interceptors: policy apart from business logic.
 *
 * @example
 * authorize((ctx, method) => method.effect === "read" || ctx.get(currentUser)?.isAdmin === true)
 */
export function authorize(
	isAllowed: (ctx: Context, method: Method, input: unknown) => boolean | Promise<boolean>,
): Middleware {
	return (next, method) => async (input, ctx) => {
		// Exactly `true`: a value that is truthy by mistake lets nobody in.
		if ((await isAllowed(ctx, method, input)) !== true) throw denied(method);
		return next(input, ctx);
	};
}

function denied(method: Method): ServiceError {
	return new ServiceError({ code: "permission_denied", message: `${method.path} is not allowed` });
}
