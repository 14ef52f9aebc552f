import type { Attributes, Span } from "@opentelemetry/api";
import { Context } from "../context/context.ts";
import type { EventValue } from "../contract/event.ts";
import { toServiceError } from "../errors/service-error.ts";
import { telemetryContext } from "../middleware/tracing.ts";
import { activeContext, errorStatus, spanKinds, withSpan } from "../telemetry/open-telemetry.ts";
import { SdkTracer } from "../telemetry/sdk-tracer.ts";
import { inject } from "../telemetry/trace-carrier.ts";
import { failureAttributes, listOf, topicAttributes } from "./messaging-facts.ts";
import type { Publish, PublishMiddleware } from "./publish.ts";

/** Makes a span of each publication, which the spans of the handlers follow. */
export function publishTracing(): PublishMiddleware {
	const sdk = new SdkTracer();
	return (next) =>
		(events, ctx = Context.background()) => {
			const tracer = sdk.current();
			const [first] = listOf(events);
			if (tracer === undefined || first === undefined) return next(events, ctx);
			const { topic } = first;
			const parent = ctx.get(telemetryContext) ?? activeContext();
			const options = { kind: spanKinds.producer, attributes: attributesOf(topic, listOf(events)) };
			const span = tracer.startSpan(`publish ${topic}`, options, parent);
			const telemetry = withSpan(parent, span);
			const inside = inject(telemetry, ctx).withValue(telemetryContext, telemetry);
			return ended(span, () => next(events, inside));
		};
}

function attributesOf(topic: string, events: readonly EventValue[]): Attributes {
	const [only] = events;
	return {
		...topicAttributes(topic, "publish"),
		...(events.length > 1 && { "messaging.batch.message_count": events.length }),
		...(events.length === 1 && only?.id !== undefined && { "messaging.message.id": only.id }),
	};
}

/** Publishes, and ends the span with the outcome. */
async function ended(span: Span, publish: () => ReturnType<Publish>): ReturnType<Publish> {
	try {
		return await publish();
	} catch (error) {
		span.setAttributes(failureAttributes(error));
		span.setStatus({ code: errorStatus, message: toServiceError(error).message });
		throw error;
	} finally {
		span.end();
	}
}
