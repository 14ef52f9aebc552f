import { pickedInstance } from "../balancer/picked-instance.ts";
import { forgetOldest } from "../collections/forget-oldest.ts";
import type { Outcome } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import { onSettled } from "../context/on-settled.ts";
import { givesStream, type Method } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { type ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { isTrouble } from "../errors/trouble.ts";
import {
	Circuit,
	type CircuitOptions,
	type CircuitResult,
	type CircuitState,
} from "../resilience/circuit.ts";
import { checkDuration } from "../time/duration.ts";

/** When circuits open and close, and whether methods or instances have them. */
export interface CircuitBreakerOptions extends CircuitOptions {
	/**
	 * Whether each method or each instance has a circuit of its own. `instance` belongs in a client's `attempt`
	 * layer, where a retry moves on to another instance at once. Default: `method`.
	 */
	readonly per?: "method" | "instance";
	/** Whether an error means that the callee is in trouble. Default: {@link isTrouble}. */
	readonly isFailure?: (error: ServiceError) => boolean;
	/** Called when a circuit changes; `of` is the method's path or the instance's id. */
	readonly onChange?: (state: CircuitState, of: string) => void;
}

/** The most instances that are remembered. The oldest is forgotten first. */
const maxCircuits = 1_000;

/**
 * Stops calling a callee that keeps failing. When too large a share of the calls of a rolling window has failed,
 * calls fail at once with `unavailable`, reason `circuit_open`. After a while a few calls are let through; when they
 * succeed, the circuit closes. An accepted stream counts as a success for as long as it goes on. A stream that its
 * consumer leaves, or whose time is up, counts neither as a success nor as a failure in the end. For clients.
 *
 * After Nygard, "Release It!" (2007), with the rolling window of Netflix's Hystrix.
 *
 * @throws RangeError when `windowMs` is not above 0, or `openMs` is negative.
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): Middleware {
	const { per = "method", isFailure = isTrouble, onChange, ...circuitOptions } = options;
	const { windowMs = 1, openMs = 0 } = circuitOptions;
	checkDuration("windowMs of circuitBreaker()", windowMs, "positive");
	checkDuration("openMs of circuitBreaker()", openMs);
	const circuits = new Map<string, Circuit>();
	const circuit = (of: string): Circuit => {
		let found = circuits.get(of);
		if (found === undefined) {
			found = new Circuit(circuitOptions, (state) => onChange?.(state, of));
			if (circuits.size >= maxCircuits) forgetOldest(circuits);
			circuits.set(of, found);
		}
		return found;
	};
	return (next, method) => (input, ctx) => {
		const of = per === "method" ? method.path : instanceOf(ctx);
		const passage = circuit(of).enter();
		if (passage === undefined) return Promise.reject(circuitOpen(method, of));
		let accepted = false;
		onSettled(ctx, (outcome) => passage.leave(result(outcome, isFailure, accepted)));
		if (!givesStream(method.kind)) return next(input, ctx);
		return next(input, ctx).then((messages) => {
			accepted = true;
			passage.accept();
			return messages;
		});
	};
}

function result(
	outcome: Outcome,
	isFailure: (error: ServiceError) => boolean,
	accepted: boolean,
): CircuitResult {
	if (outcome.ok) return "succeeded";
	const { code } = outcome.error;
	// A caller that leaves a stream, or bounds its time, tells nothing about the instance that serves it.
	if (code === "canceled" || (accepted && code === "deadline_exceeded")) return "unknown";
	return isFailure(outcome.error) ? "failed" : "succeeded";
}

function instanceOf(ctx: Context): string {
	const instance = pickedInstance(ctx);
	if (instance !== undefined) return instance.id;
	throw new TypeError('circuitBreaker({ per: "instance" }) belongs in the client\'s attempt layer');
}

function circuitOpen(method: Method, of: string): ServiceError {
	const message = `${method.path} is not called: too many calls of ${of} failed`;
	return serviceErrorFrom(
		{ code: "unavailable", reason: "circuit_open", message },
		{ notExecuted: true, domain: method.service },
	);
}
