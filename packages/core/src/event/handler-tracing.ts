import type { Attributes, Link, SpanContext } from "@opentelemetry/api";
import { onSettled } from "../context/on-settled.ts";
import { trusted } from "../endpoint/checked-chain.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { telemetryContext } from "../middleware/tracing.ts";
import {
	errorStatus,
	registered,
	rootContext,
	spanKinds,
	spanOf,
	withSpan,
} from "../telemetry/open-telemetry.ts";
import { SdkTracer } from "../telemetry/sdk-tracer.ts";
import { extract, handOn } from "../telemetry/trace-carrier.ts";
import { type Delivery, deliveryKey } from "./delivery.ts";
import { failureAttributes, topicAttributes } from "./messaging-facts.ts";

/** An event that is older starts a trace of its own: few would look at a trace that is open for so long. */
const freshMs = 10 * 60_000;

/**
 * Makes a span of each attempt to handle an event. The span is a child of the publisher's span, so that one trace tells
 * the whole story, and links to it. A replayed event, or an event older than 10 minutes, gets a new trace that links to
 * the publisher's.
 */
export function handlerTracing(): Middleware {
	const sdk = new SdkTracer();
	return trusted((next) => (input, delivering) => {
		const delivered = delivering.get(deliveryKey);
		if (delivered === undefined) return next(input, delivering);
		const fresh = isFresh(delivered);
		const ctx = fresh ? handOn(delivering) : delivering;
		const tracer = sdk.current();
		if (tracer === undefined) return next(input, ctx);
		const published = extract(rootContext, ctx.metadata);
		const publisher = spanOf(published)?.spanContext();
		const parent = fresh ? published : rootContext;
		const options = {
			kind: spanKinds.consumer,
			attributes: attributesOf(delivered),
			links: linksTo(publisher),
		};
		const span = tracer.startSpan(`process ${delivered.topic}`, options, parent);
		onSettled(ctx, (outcome) => {
			if (!outcome.ok) {
				span.setAttributes(failureAttributes(outcome.error));
				span.setStatus({ code: errorStatus, message: outcome.error.message });
			}
			span.end();
		});
		const telemetry = withSpan(parent, span);
		const inside = ctx.withValue(telemetryContext, telemetry);
		const manager = registered().context;
		if (manager === undefined) return next(input, inside);
		return manager.with(telemetry, next, undefined, input, inside);
	});
}

function isFresh({ isReplay, time }: Delivery): boolean {
	return !isReplay && Date.now() - time.getTime() < freshMs;
}

function linksTo(publisher: SpanContext | undefined): Link[] {
	return publisher === undefined ? [] : [{ context: publisher }];
}

function attributesOf({ topic, group, id, type, attempt }: Delivery): Attributes {
	return {
		...topicAttributes(topic, "process"),
		"messaging.consumer.group.name": group,
		"messaging.message.id": id,
		"allium.event.type": type,
		"allium.event.attempt": attempt,
	};
}
