import { type Logger, type Middleware, onSettled, pickedInstance } from "allium";

/** Client middleware around each attempt. It logs which instance was picked, and the result. */
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
