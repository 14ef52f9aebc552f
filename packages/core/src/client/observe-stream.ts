import { type SettledListener, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import { toServiceError } from "../errors/service-error.ts";

/**
 * Tells the true end of a stream: that it is done, that it broke, or that its consumer broke out of it.
 *
 * @param translate What the consumer sees of the error that broke it. Default: that error.
 */
export function observeStream(
	source: unknown,
	settled: SettledListener,
	translate: (error: unknown) => unknown = (error) => error,
): AsyncIterable<unknown> {
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
						(thrown) => {
							const error = translate(thrown);
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
