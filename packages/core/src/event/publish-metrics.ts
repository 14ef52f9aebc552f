import type { Counter, Histogram, Meter } from "@opentelemetry/api";
import { durationBuckets, SdkInstruments } from "../telemetry/sdk-instruments.ts";
import { failureAttributes, listOf, topicAttributes } from "./messaging-facts.ts";
import type { Publish, PublishMiddleware } from "./publish.ts";

/**
 * Measures each publication: the histogram `messaging.client.operation.duration` in seconds, and the counter
 * `messaging.client.sent.messages` of events, by topic.
 */
export function publishMetrics(): PublishMiddleware {
	const sdk = new SdkInstruments(make);
	return (next) => (events, ctx) => {
		const instruments = sdk.current();
		const [first] = listOf(events);
		if (instruments === undefined || first === undefined) return next(events, ctx);
		return measured(instruments, first.topic, listOf(events).length, () => next(events, ctx));
	};
}

async function measured(
	{ duration, sent }: Instruments,
	topic: string,
	count: number,
	publish: () => ReturnType<Publish>,
): ReturnType<Publish> {
	const startedAt = performance.now();
	let attributes = topicAttributes(topic, "publish");
	try {
		return await publish();
	} catch (error) {
		attributes = { ...attributes, ...failureAttributes(error) };
		throw error;
	} finally {
		duration.record((performance.now() - startedAt) / 1000, attributes);
		sent.add(count, attributes);
	}
}

interface Instruments {
	readonly duration: Histogram;
	readonly sent: Counter;
}

function make(meter: Meter): Instruments {
	return {
		duration: meter.createHistogram("messaging.client.operation.duration", {
			description: "How long the publication of events takes.",
			unit: "s",
			advice: { explicitBucketBoundaries: durationBuckets },
		}),
		sent: meter.createCounter("messaging.client.sent.messages", {
			description: "How many events were published.",
			unit: "{message}",
		}),
	};
}
