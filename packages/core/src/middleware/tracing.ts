import type { Attributes, Context as OtelContext, Span } from "@opentelemetry/api";
import { pickedInstance } from "../balancer/picked-instance.ts";
import type { Outcome } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import { type ContextKey, contextKey } from "../context/key.ts";
import { onSettled } from "../context/on-settled.ts";
import { givesStream, type Method } from "../contract/method.ts";
import { trusted } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { type CallSide, isFailure, methodAttributes, outcomeAttributes } from "../telemetry/call-facts.ts";
import { driven } from "../telemetry/driven-stream.ts";
import {
	activeContext,
	errorStatus,
	registered,
	rootContext,
	spanKinds,
	spanOf,
	withSpan,
} from "../telemetry/open-telemetry.ts";
import { SdkTracer } from "../telemetry/sdk-tracer.ts";
import { extract, handOn, inject } from "../telemetry/trace-carrier.ts";

/**
 * The OpenTelemetry context of a call: its span and baggage. {@link tracing} sets it. Calls made with the context
 * take their parent span from it.
 *
 * @example
 * // A span of your own around a part of a handler, and the calls in it.
 * const own = trace.setSpan(ctx.get(telemetryContext) ?? ROOT_CONTEXT, span);
 * await stock.reserve(order, ctx.withValue(telemetryContext, own));
 */
export const telemetryContext: ContextKey<OtelContext> = contextKey("telemetry context");

/** The span of the call that a context belongs to; undefined where calls are not traced. */
export function activeSpan(ctx: Context): Span | undefined {
	const telemetry = ctx.get(telemetryContext);
	return telemetry && spanOf(telemetry);
}

/**
 * Makes a span of each call that lasts until the call's true end, streams included, and carries trace context and
 * baggage (W3C) in metadata over every transport. Handlers run with the span active where the SDK has a context
 * manager.
 *
 * On the server it is the outermost middleware. On the client a span in `middleware` is the whole call with all its
 * tries, and a span in `attempt` is one try; with both, tries are children of the call. The parent is that of the
 * {@link telemetryContext} of the call's context, or else the span that is active in OpenTelemetry.
 *
 * It does next to nothing until an OpenTelemetry SDK is registered, which may happen at any time. Trace context that
 * arrived is passed on even then. Names follow the semantic conventions for RPC, version 1.45 (release candidate).
 *
 * @param side the side of the call that it traces.
 */
export function tracing(side: CallSide): Middleware {
	const sdk = new SdkTracer();
	return trusted(
		side === "server"
			? (next, method) => server(next, method, sdk)
			: (next, method) => client(next, method, sdk),
	);
}

function server(next: Endpoint, method: Method, sdk: SdkTracer): Endpoint {
	const streams = givesStream(method.kind);
	const facts = methodAttributes(method, "server");
	return (input, arrived) => {
		// A call without metadata brings no trace.
		const ctx = arrived.metadata.size === 0 ? arrived : handOn(arrived);
		const tracer = sdk.current();
		if (tracer === undefined) return next(input, ctx);
		const parent = extract(rootContext, ctx.metadata);
		const attributes = { ...facts, ...peerAttributes(ctx.peer?.address) };
		const span = tracer.startSpan(method.path, { kind: spanKinds.server, attributes }, parent);
		onSettled(ctx, (outcome) => end(span, outcome, "server"));
		const telemetry = withSpan(parent, span);
		const inside = ctx.withValue(telemetryContext, telemetry);
		const manager = registered().context;
		if (manager === undefined) return next(input, inside);
		if (streams) return manager.with(telemetry, streamInside, undefined, input, inside, next);
		return manager.with(telemetry, next, undefined, input, inside);
	};
}

function client(next: Endpoint, method: Method, sdk: SdkTracer): Endpoint {
	const facts = methodAttributes(method, "client");
	return (input, ctx) => {
		const tracer = sdk.current();
		if (tracer === undefined) return next(input, ctx);
		const parent = ctx.get(telemetryContext) ?? activeContext();
		const address = pickedInstance(ctx)?.addresses[0];
		const attributes = { ...facts, ...peerAttributes(address) };
		const span = tracer.startSpan(method.path, { kind: spanKinds.client, attributes }, parent);
		onSettled(ctx, (outcome) => end(span, outcome, "client"));
		const telemetry = withSpan(parent, span);
		return next(input, inject(telemetry, ctx).withValue(telemetryContext, telemetry));
	};
}

/** Runs each step of a stream in the context that is active now. */
async function streamInside(input: unknown, ctx: Context, next: Endpoint): Promise<unknown> {
	return driven((await next(input, ctx)) as AsyncIterable<unknown>);
}

function end(span: Span, outcome: Outcome, side: CallSide): void {
	span.setAttributes(outcomeAttributes(outcome.ok ? "ok" : outcome.error.code, side));
	if (!outcome.ok && isFailure(outcome.error.code, side)) {
		span.setStatus({ code: errorStatus, message: outcome.error.message });
	}
	span.end();
}

/** The address of the other end: `127.0.0.1:4000`, `allium://[::1]:4000`, or a name without a port. */
function peerAttributes(address: string | undefined): Attributes {
	if (address === undefined) return {};
	const [, host = address, port] = /^(?:[a-z+]+:\/\/)?\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
	return { "network.peer.address": host, ...(port !== undefined && { "network.peer.port": Number(port) }) };
}
