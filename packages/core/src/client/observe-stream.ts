import { type SettledListener, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import { leave } from "../endpoint/leave-stream.ts";
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
	const onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
		if (result.done === true) settled(succeeded);
		return result;
	};
	const onError = (thrown: unknown): never => {
		const error = translate(thrown);
		settled({ ok: false, error: toServiceError(error) });
		throw error;
	};
	return {
		[Symbol.asyncIterator]() {
			const iterator = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
			return {
				next: () => iterator.next().then(onResult, onError),
				return() {
					settled({ ok: false, error: canceled() });
					return leave(iterator);
				},
			};
		},
	};
}
