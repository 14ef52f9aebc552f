import type { Attributes, Histogram, Meter, UpDownCounter } from "@opentelemetry/api";
import { onSettled } from "../context/on-settled.ts";
import type { Method } from "../contract/method.ts";
import { trusted } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import type { Code } from "../errors/code.ts";
import { type CallSide, methodAttributes, outcomeAttributes } from "../telemetry/call-facts.ts";
import { durationBuckets, SdkInstruments } from "../telemetry/sdk-instruments.ts";

/**
 * Measures each call until its true end, streams included. The histogram `rpc.server.call.duration` or
 * `rpc.client.call.duration` holds durations in seconds, by method and code. `allium.server.active_calls` or
 * `allium.client.active_calls` counts the calls in flight, by method. Nothing that callers choose becomes an
 * attribute, so the number of methods bounds the number of series.
 *
 * On the server it is the outermost middleware. On the client it measures the whole call with all its tries in
 * `middleware`, and each try in `attempt`.
 *
 * It does next to nothing until an OpenTelemetry SDK is registered, which may happen at any time. Names follow the
 * semantic conventions for RPC, version 1.45 (release candidate).
 *
 * @param side the side of the call that it measures.
 */
export function metrics(side: CallSide): Middleware {
	const sdk = new SdkInstruments((meter) => make(meter, side));
	return trusted((next, method) => measured(next, method, side, sdk));
}

function measured(
	next: Endpoint,
	method: Method,
	side: CallSide,
	sdk: SdkInstruments<Instruments>,
): Endpoint {
	let made: MethodAttributes | undefined;
	return (input, ctx) => {
		const instruments = sdk.current();
		if (instruments === undefined) return next(input, ctx);
		const { duration, active } = instruments;
		made ??= new MethodAttributes(method, side);
		const attributes = made;
		const startedAt = performance.now();
		active.add(1, attributes.method);
		onSettled(ctx, (outcome) => {
			const seconds = (performance.now() - startedAt) / 1000;
			active.add(-1, attributes.method);
			duration.record(seconds, outcome.ok ? attributes.succeeded : attributes.failed(outcome.error.code));
		});
		return next(input, ctx);
	};
}

/** The attributes of a method's measurements. Each set is made once. */
class MethodAttributes {
	readonly method: Attributes;
	readonly succeeded: Attributes;
	readonly #side: CallSide;
	readonly #failed = new Map<Code, Attributes>();

	constructor(method: Method, side: CallSide) {
		this.#side = side;
		this.method = methodAttributes(method, side);
		this.succeeded = { ...this.method, ...outcomeAttributes("ok", side) };
	}

	failed(code: Code): Attributes {
		let attributes = this.#failed.get(code);
		if (attributes === undefined) {
			attributes = { ...this.method, ...outcomeAttributes(code, this.#side) };
			this.#failed.set(code, attributes);
		}
		return attributes;
	}
}

interface Instruments {
	readonly duration: Histogram;
	readonly active: UpDownCounter;
}

function make(meter: Meter, side: CallSide): Instruments {
	return {
		duration: meter.createHistogram(`rpc.${side}.call.duration`, {
			description: `How long ${side === "server" ? "incoming" : "outgoing"} calls take.`,
			unit: "s",
			advice: { explicitBucketBoundaries: durationBuckets },
		}),
		active: meter.createUpDownCounter(`allium.${side}.active_calls`, {
			description: `How many ${side === "server" ? "incoming" : "outgoing"} calls are going on.`,
			unit: "{call}",
		}),
	};
}
