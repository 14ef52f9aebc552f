import type { Logger, ServiceMiddleware } from "allium";
import type { Add } from "./contract.ts";

/** A service middleware. It knows the types, so it logs every call with its arguments and its result. */
export function logging(logger: Logger): ServiceMiddleware<typeof Add> {
	const log = (method: string, a: unknown, b: unknown, v: unknown, err?: unknown): void =>
		logger.log("info", "called", { method, a, b, v, err: err instanceof Error ? err.message : undefined });

	return (next) => ({
		...next,
		async sum({ a, b }, ctx) {
			try {
				const { v } = await next.sum({ a, b }, ctx);
				log("sum", a, b, v);
				return { v };
			} catch (err) {
				log("sum", a, b, undefined, err);
				throw err;
			}
		},
		async concat({ a, b }, ctx) {
			try {
				const { v } = await next.concat({ a, b }, ctx);
				log("concat", a, b, v);
				return { v };
			} catch (err) {
				log("concat", a, b, undefined, err);
				throw err;
			}
		},
	});
}
