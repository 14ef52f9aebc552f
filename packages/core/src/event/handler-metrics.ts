import type { Counter, Histogram, Meter } from "@opentelemetry/api";
import { onSettled } from "../context/on-settled.ts";
import { trusted } from "../endpoint/checked-chain.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { durationBuckets, SdkInstruments } from "../telemetry/sdk-instruments.ts";
import { deliveryKey } from "./delivery.ts";
import { failureAttributes, topicAttributes } from "./messaging-facts.ts";

/**
 * Measures each attempt to handle an event, by topic, event and group: the histogram `messaging.process.duration` in
 * seconds, and the counter `allium.group.redelivered` of attempts after the first.
 */
export function handlerMetrics(): Middleware {
	const sdk = new SdkInstruments(make);
	return trusted((next) => (input, ctx) => {
		const instruments = sdk.current();
		const delivered = ctx.get(deliveryKey);
		if (instruments === undefined || delivered === undefined) return next(input, ctx);
		const { topic, group, type, attempt } = delivered;
		const startedAt = performance.now();
		const attributes = {
			...topicAttributes(topic, "process"),
			"messaging.consumer.group.name": group,
			"allium.event.type": type,
		};
		if (attempt > 1) instruments.redelivered.add(1, attributes);
		onSettled(ctx, (outcome) => {
			const seconds = (performance.now() - startedAt) / 1000;
			const ended = outcome.ok ? attributes : { ...attributes, ...failureAttributes(outcome.error) };
			instruments.duration.record(seconds, ended);
		});
		return next(input, ctx);
	});
}

interface Instruments {
	readonly duration: Histogram;
	readonly redelivered: Counter;
}

function make(meter: Meter): Instruments {
	return {
		duration: meter.createHistogram("messaging.process.duration", {
			description: "How long the handlers of events take.",
			unit: "s",
			advice: { explicitBucketBoundaries: durationBuckets },
		}),
		redelivered: meter.createCounter("allium.group.redelivered", {
			description: "How many attempts to handle an event were not the first.",
			unit: "{attempt}",
		}),
	};
}
