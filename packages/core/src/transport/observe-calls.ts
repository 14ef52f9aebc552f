import { type Outcome, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import type { Context } from "../context/context.ts";
import { givesStream, type Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { observeStream } from "../endpoint/observe-stream.ts";
import { toServiceError } from "../errors/service-error.ts";

/** Learns that a call begins, and how and when it ended. */
export interface CallObserver {
	onBegin(): void;
	/**
	 * Called once for each call that has begun: when the reply has arrived. For a stream, when its last message was
	 * delivered, or when it broke.
	 *
	 * @param elapsedMs until the reply, or until a stream was accepted; 0 where the caller's own stream sets the
	 * pace.
	 * @param now the time on the clock of `performance.now()`, passed in so that the clock is not read twice.
	 */
	onEnd(outcome: Outcome, elapsedMs: number, now: number): void;
}

/** An endpoint that reports the end of a call to an observer, without wrapping the call in another promise. */
export type ObservedEndpoint = (input: unknown, ctx: Context, observer: CallObserver) => Promise<unknown>;

/** Makes any endpoint one that can be observed. */
export function observeCalls(endpoint: Endpoint, method: Method): ObservedEndpoint {
	const streams = givesStream(method.kind);
	return (input, ctx, observer) => {
		const beganAt = performance.now();
		observer.onBegin();
		return endpoint(input, ctx).then(
			(output) => {
				if (streams) return observeAccepted(output, beganAt, observer);
				endCall(observer, method, succeeded, beganAt);
				return output;
			},
			(error) => {
				endCall(observer, method, { ok: false, error: toServiceError(error) }, beganAt);
				throw error;
			},
		);
	};
}

/** Reports the end of a call that was answered, or that failed before. */
export function endCall(observer: CallObserver, method: Method, outcome: Outcome, beganAt: number): void {
	const now = performance.now();
	observer.onEnd(outcome, method.kind === "client_stream" ? 0 : now - beganAt, now);
}

/** Reports the end of a stream that is accepted now. */
export function observeAccepted(
	messages: unknown,
	beganAt: number,
	observer: CallObserver,
): AsyncIterable<unknown> {
	const elapsedMs = performance.now() - beganAt;
	return observeStream(messages, (outcome) =>
		observer.onEnd(endOfAccepted(outcome), elapsedMs, performance.now()),
	);
}

/**
 * The outcome of an accepted stream. Its caller chose its deadline, so the deadline, like a cancellation, says
 * nothing about the instance.
 */
function endOfAccepted(outcome: Outcome): Outcome {
	const isOver = !outcome.ok && outcome.error.code === "deadline_exceeded";
	return isOver ? { ok: false, error: canceled(outcome.error) } : outcome;
}
