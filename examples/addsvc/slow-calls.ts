import { type Logger, type Middleware, onSettled } from "allium";

/** Server-wide middleware. It logs slow calls, whichever service they were for. */
export function slowCalls(logger: Logger, afterMs: number): Middleware {
	return (next, method) => (input, ctx) => {
		const startedAt = performance.now();
		onSettled(ctx, () => {
			const ms = Math.round(performance.now() - startedAt);
			if (ms >= afterMs) logger.log("warn", "a call was slow", { method: method.path, ms });
		});
		return next(input, ctx);
	};
}
