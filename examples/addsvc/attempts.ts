import { type Logger, type Middleware, onSettled, pickedInstance } from "allium";

/** Client middleware for each attempt: says which instance was picked, and how it went. */
export function attempts(logger: Logger): Middleware {
	return (next, method) => (input, ctx) => {
		const address = pickedInstance(ctx)?.addresses[0];
		onSettled(ctx, (outcome) => {
			const code = outcome.ok ? "ok" : outcome.error.code;
			logger.log("info", "attempt", { method: method.path, address, code });
		});
		return next(input, ctx);
	};
}
