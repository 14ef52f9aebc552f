import type { Attributes, Histogram, MeterProvider, UpDownCounter } from "@opentelemetry/api";
import { onSettled } from "../context/on-settled.ts";
import type { Method } from "../contract/method.ts";
import { trusted } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import type { Code } from "../errors/code.ts";
import {
	type CallSide,
	instrumentation,
	methodAttributes,
	outcomeAttributes,
	schemaUrl,
} from "../telemetry/call-facts.ts";
import { registered } from "../telemetry/open-telemetry.ts";

/** The bounds that the conventions advise, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

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
	const sdk = new SdkInstruments(side);
	return trusted((next, method) => measured(next, method, side, sdk));
}

function measured(next: Endpoint, method: Method, side: CallSide, sdk: SdkInstruments): Endpoint {
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

/** The instruments of the registered SDK. Each call asks for them, because an SDK may be registered at any time. */
class SdkInstruments {
	readonly #side: CallSide;
	#provider: MeterProvider | undefined;
	#instruments: Instruments | undefined;

	constructor(side: CallSide) {
		this.#side = side;
	}

	/** Undefined when there is no SDK. */
	current(): Instruments | undefined {
		const provider = registered().metrics;
		if (provider !== this.#provider) {
			this.#provider = provider;
			this.#instruments = provider && make(provider, this.#side);
		}
		return this.#instruments;
	}
}

function make(provider: MeterProvider, side: CallSide): Instruments {
	const meter = provider.getMeter(instrumentation, undefined, { schemaUrl });
	return {
		duration: meter.createHistogram(`rpc.${side}.call.duration`, {
			description: `How long ${side === "server" ? "incoming" : "outgoing"} calls take.`,
			unit: "s",
			advice: { explicitBucketBoundaries: buckets },
		}),
		active: meter.createUpDownCounter(`allium.${side}.active_calls`, {
			description: `How many ${side === "server" ? "incoming" : "outgoing"} calls are going on.`,
			unit: "{call}",
		}),
	};
}
