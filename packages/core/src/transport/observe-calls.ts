import { type Outcome, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import type { Context } from "../context/context.ts";
import { givesStream, type Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { observeStream } from "../endpoint/observe-stream.ts";
import { toServiceError } from "../errors/service-error.ts";

/** Is told that a call begins, and how and when it ended. */
export interface CallObserver {
	onBegin(): void;
	/**
	 * Called once for each call that has begun: when the reply is there, and for a stream when its last message was
	 * delivered, or it broke.
	 *
	 * @param elapsedMs until the reply, or until a stream was accepted; 0 where the caller's own stream sets the
	 * pace.
	 * @param now the time on the clock of `performance.now()`, which was asked already.
	 */
	onEnd(outcome: Outcome, elapsedMs: number, now: number): void;
}

/** An endpoint that tells whoever makes a call of its end, without another promise around it. */
export type ObservedEndpoint = (input: unknown, ctx: Context, observer: CallObserver) => Promise<unknown>;

/** Any endpoint as one that can be observed. */
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

/** Tells of the end of a call that is answered, or fails before. */
export function endCall(observer: CallObserver, method: Method, outcome: Outcome, beganAt: number): void {
	const now = performance.now();
	observer.onEnd(outcome, method.kind === "client_stream" ? 0 : now - beganAt, now);
}

/** Tells of the end of a stream that is accepted now. */
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

/** A stream whose time is up was given so much by its caller: that says no more of the instance than when it is left. */
function endOfAccepted(outcome: Outcome): Outcome {
	const isOver = !outcome.ok && outcome.error.code === "deadline_exceeded";
	return isOver ? { ok: false, error: canceled(outcome.error) } : outcome;
}
