import { type SettledListener, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import { toServiceError } from "../errors/service-error.ts";

/** Tells the true end of a stream: that it is done, that it broke, or that its consumer broke out of it. */
export function observeStream(source: unknown, settled: SettledListener): AsyncIterable<unknown> {
	return {
		[Symbol.asyncIterator]() {
			const iterator = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
			return {
				next: () =>
					iterator.next().then(
						(result) => {
							if (result.done === true) settled(succeeded);
							return result;
						},
						(error) => {
							settled({ ok: false, error: toServiceError(error) });
							throw error;
						},
					),
				async return() {
					settled({ ok: false, error: canceled() });
					await iterator.return?.();
					return { done: true, value: undefined };
				},
			};
		},
	};
}
