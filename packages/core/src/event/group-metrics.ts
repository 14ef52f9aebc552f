import type { BatchObservableCallback, Meter, ObservableGauge } from "@opentelemetry/api";
import { Context } from "../context/context.ts";
import { whileLasts } from "../endpoint/detached-call.ts";
import { SdkInstruments } from "../telemetry/sdk-instruments.ts";
import type { Consumer, ConsumerReport } from "./broker.ts";
import type { GroupId } from "./group-state.ts";

/** A group of this process that is measured. */
export interface MeasuredGroup {
	readonly id: GroupId;
	readonly consumer: Pick<Consumer, "report">;
}

/** How long a group may take to say how it does, in milliseconds. */
const reportTimeoutMs = 5_000;

/** The gauges of a group. What was never known is not measured, and what is no longer known is NaN. */
const gauges = {
	lag: ["allium.group.lag", "{event}", "Events that the group has not settled."],
	lagSeconds: [
		"allium.group.lag.seconds",
		"s",
		"The age of the oldest event that the group has not settled.",
	],
	retrying: ["allium.group.retrying", "{event}", "Events that wait to be tried again."],
	parked: ["allium.group.parked", "{event}", "Events that wait for an operator."],
	delayed: ["allium.group.delayed", "{event}", "Events that wait for their time."],
	lanes: ["allium.group.lanes", "{lane}", "The lanes that this process holds."],
} as const satisfies { readonly [Name in keyof ConsumerReport]?: readonly [string, string, string] };

type Gauge = keyof typeof gauges;

/** Measures how the groups of a process are doing, whenever an OpenTelemetry SDK asks. */
export class GroupMetrics {
	readonly #groups: Iterable<MeasuredGroup>;
	readonly #sdk = new SdkInstruments((meter) => this.#observe(meter));
	#stop: (() => void) | undefined;

	/** @param groups those that are there when the SDK asks. */
	constructor(groups: Iterable<MeasuredGroup>) {
		this.#groups = groups;
	}

	/** Begins to measure, if there is an SDK. It may be called at any time, and again when there may be another SDK. */
	start(): void {
		this.#sdk.current();
	}

	stop(): void {
		this.#stop?.();
		this.#stop = undefined;
	}

	#observe(meter: Meter): void {
		this.stop();
		const made = new Map<Gauge, ObservableGauge>();
		for (const name of names) {
			const [metric, unit, description] = gauges[name];
			made.set(name, meter.createObservableGauge(metric, { unit, description }));
		}
		const told = new Set<string>();
		const callback: BatchObservableCallback = async (result) => {
			for (const { id, report } of await this.#reports()) {
				const attributes = {
					"messaging.destination.name": id.topic,
					"messaging.consumer.group.name": id.group,
				};
				for (const [name, gauge] of made) {
					const value = report?.[name];
					const series = JSON.stringify([id.topic, id.group, name]);
					if (value === undefined && !told.has(series)) continue;
					told.add(series);
					// An SDK would repeat the last value of a gauge that is not observed, as if it were still so.
					result.observe(gauge, value ?? Number.NaN, attributes);
				}
			}
		};
		const observed = [...made.values()];
		meter.addBatchObservableCallback(callback, observed);
		this.#stop = () => meter.removeBatchObservableCallback(callback, observed);
	}

	/** What each group says. Undefined where it cannot be had now. */
	#reports(): Promise<readonly { readonly id: GroupId; readonly report: ConsumerReport | undefined }[]> {
		const ctx = Context.background().withTimeout(reportTimeoutMs);
		const asked = Array.from(this.#groups, async ({ id, consumer }) => {
			const report = Promise.try(() => consumer.report(ctx));
			return { id, report: await whileLasts(report, ctx).catch(() => undefined) };
		});
		return Promise.all(asked);
	}
}

const names = Object.keys(gauges) as readonly Gauge[];
