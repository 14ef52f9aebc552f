import { Context } from "../context/context.ts";
import { toServiceError } from "../errors/service-error.ts";
import { telemetryContext } from "../middleware/tracing.ts";
import { activeContext, errorStatus, spanKinds, withSpan } from "../telemetry/open-telemetry.ts";
import { SdkTracer } from "../telemetry/sdk-tracer.ts";
import { inject } from "../telemetry/trace-carrier.ts";
import { failureAttributes, listOf, topicAttributes } from "./messaging-facts.ts";
import type { PublishMiddleware } from "./publish.ts";

/** Makes a span of each publication, which the spans of the handlers follow. */
export function publishTracing(): PublishMiddleware {
	const sdk = new SdkTracer();
	return (next) =>
		async (events, ctx = Context.background()) => {
			const tracer = sdk.current();
			const list = listOf(events);
			const [first] = list;
			if (tracer === undefined || first === undefined) return next(events, ctx);
			const { topic, id } = first;
			const parent = ctx.get(telemetryContext) ?? activeContext();
			const attributes = {
				...topicAttributes(topic, "publish"),
				...(list.length > 1 && { "messaging.batch.message_count": list.length }),
				...(list.length === 1 && id !== undefined && { "messaging.message.id": id }),
			};
			const span = tracer.startSpan(`publish ${topic}`, { kind: spanKinds.producer, attributes }, parent);
			const telemetry = withSpan(parent, span);
			try {
				return await next(events, inject(telemetry, ctx).withValue(telemetryContext, telemetry));
			} catch (error) {
				span.setAttributes(failureAttributes(error));
				span.setStatus({ code: errorStatus, message: toServiceError(error).message });
				throw error;
			} finally {
				span.end();
			}
		};
}
