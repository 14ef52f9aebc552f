import { type GaugeSpec, ReportGauges } from "../telemetry/report-gauges.ts";
import type { Consumer, ConsumerReport } from "./broker.ts";
import type { GroupId } from "./group-state.ts";

/** A group of this process that is measured. */
export interface MeasuredGroup {
	readonly id: GroupId;
	readonly consumer: Pick<Consumer, "report">;
}

/** The gauges of a group. */
const gauges = {
	lag: ["allium.group.lag", "{event}", "Events that the group has not settled."],
	lagSeconds: [
		"allium.group.lag.seconds",
		"s",
		"The age of the oldest event that the group has not settled.",
	],
	keptForSeconds: [
		"allium.group.kept.seconds",
		"s",
		"For how long the topic still keeps the oldest event that the group has not settled, parked ones included.",
	],
	retrying: ["allium.group.retrying", "{event}", "Events that wait to be tried again."],
	parked: ["allium.group.parked", "{event}", "Events that wait for an operator."],
	delayed: ["allium.group.delayed", "{event}", "Events that wait for their time."],
	lanes: ["allium.group.lanes", "{lane}", "The lanes that this process holds."],
} as const satisfies { readonly [Name in keyof ConsumerReport]?: GaugeSpec };

/** Measures how the groups of a process are doing, whenever an OpenTelemetry SDK asks. */
export class GroupMetrics {
	readonly #gauges: ReportGauges<keyof typeof gauges>;

	/** @param groups the groups that exist when the SDK asks. */
	constructor(groups: Iterable<MeasuredGroup>) {
		this.#gauges = new ReportGauges<keyof typeof gauges>(gauges, () =>
			Array.from(groups, ({ id, consumer }) => ({
				attributes: {
					"messaging.destination.name": id.topic,
					"messaging.consumer.group.name": id.group,
				},
				report: (ctx) => consumer.report(ctx),
			})),
		);
	}

	/** Begins to measure, if there is an SDK. It may be called at any time, and again when there may be another SDK. */
	start(): void {
		this.#gauges.start();
	}

	stop(): void {
		this.#gauges.stop();
	}
}
