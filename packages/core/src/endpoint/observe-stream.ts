import { type Outcome, type SettledListener, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import { toServiceError } from "../errors/service-error.ts";
import { leave } from "./leave-stream.ts";

/** Learns the true end of a stream. */
export interface StreamObserver {
	/** Called once. */
	settled(outcome: Outcome): void;
	/** Returns the error that the consumer sees for the error that broke the stream. */
	translate(error: unknown): unknown;
}

/** A stream that reports its true end itself, so no observer has to look at each of its messages. */
export interface ObservableStream extends AsyncIterableIterator<unknown> {
	/** @internal The observers that have not been told yet, the innermost first. */
	readonly "~observers": StreamObserver[];
}

/** The iterator of a stream that hands its consumer over to another one, as one does that is opened again. */
export interface RelayedStream extends AsyncIterator<unknown> {
	/** @internal The iterator that all further messages come from, once that is certain. */
	"~rest": AsyncIterator<unknown> | undefined;
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
	translate = (error: unknown): unknown => error,
): AsyncIterable<unknown> {
	let over = false;
	const observer: StreamObserver = {
		settled(outcome) {
			if (!over) settled(outcome);
			over = true;
		},
		translate,
	};
	if (!isObservable(source)) return watched(source as AsyncIterable<unknown>, observer);
	source["~observers"].push(observer);
	return source;
}

/** Looks at each message of a stream, until it knows another that reports the end itself. */
function watched(source: AsyncIterable<unknown>, observer: StreamObserver): AsyncIterable<unknown> {
	return {
		[Symbol.asyncIterator]() {
			let iterator: AsyncIterator<unknown> & Partial<RelayedStream> = source[Symbol.asyncIterator]();
			let aside = false;
			const onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
				const rest = iterator["~rest"];
				if (result.done === true) observer.settled(succeeded);
				else if (isObservable(rest)) {
					aside = true;
					iterator = rest;
					rest["~observers"].push(observer);
				}
				return result;
			};
			const onError = (thrown: unknown): never => {
				const error = observer.translate(thrown);
				observer.settled({ ok: false, error: toServiceError(error) });
				throw error;
			};
			return {
				next: () => (aside ? iterator.next() : iterator.next().then(onResult, onError)),
				return() {
					observer.settled({ ok: false, error: canceled() });
					return leave(iterator);
				},
			};
		},
	};
}

function isObservable(source: unknown): source is ObservableStream {
	return typeof source === "object" && source !== null && "~observers" in source;
}
