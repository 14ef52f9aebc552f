import { CallScope, succeeded } from "../context/call-scope.ts";
import type { Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { toServiceError } from "../errors/service-error.ts";
import { observeStream } from "./observe-stream.ts";

/** Makes what passes through a call of its own to `onSettled`: it settles at the true end. */
export function scoped(next: Endpoint, method: Method): Endpoint {
	const streams = method.kind === "server_stream" || method.kind === "bidi_stream";
	return (input, outer) => {
		const scope = new CallScope();
		const fail = (error: unknown): never => {
			scope.settle({ ok: false, error: toServiceError(error) });
			throw error;
		};
		try {
			return next(input, outer["~with"]({ scope })).then((output) => {
				if (streams) return observeStream(output, (outcome) => scope.settle(outcome));
				scope.settle(succeeded);
				return output;
			}, fail);
		} catch (error) {
			scope.settle({ ok: false, error: toServiceError(error) });
			return Promise.reject(error);
		}
	};
}
