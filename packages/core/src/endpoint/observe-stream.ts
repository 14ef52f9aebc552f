import { type Outcome, type SettledListener, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import { toServiceError } from "../errors/service-error.ts";
import { leave } from "./leave-stream.ts";

/** A stream that reports its true end itself, so no observer has to look at each of its messages. */
export interface ObservableStream extends AsyncIterable<unknown> {
	/** @internal The listener that it calls, once. */
	"~settled": SettledListener | undefined;
}

/**
 * Reports the true end of a stream, once: that it finished, that it broke, or that its consumer broke out of it.
 *
 * @param translate returns the error that the consumer sees for the error that broke the stream. Default: the same
 * error.
 */
export function observeStream(
	source: unknown,
	settled: SettledListener,
	translate?: (error: unknown) => unknown,
): AsyncIterable<unknown> {
	if (translate === undefined && isObservable(source) && source["~settled"] === undefined) {
		source["~settled"] = settled;
		return source;
	}
	let listener: SettledListener | undefined = settled;
	const tell = (outcome: Outcome): void => {
		const told = listener;
		listener = undefined;
		told?.(outcome);
	};
	const onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
		if (result.done === true) tell(succeeded);
		return result;
	};
	const onError = (thrown: unknown): never => {
		const error = translate === undefined ? thrown : translate(thrown);
		tell({ ok: false, error: toServiceError(error) });
		throw error;
	};
	return {
		[Symbol.asyncIterator]() {
			const iterator = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
			return {
				next: () => iterator.next().then(onResult, onError),
				return() {
					tell({ ok: false, error: canceled() });
					return leave(iterator);
				},
			};
		},
	};
}

function isObservable(source: unknown): source is ObservableStream {
	return typeof source === "object" && source !== null && "~settled" in source;
}
