import type { Context } from "../context/context.ts";
import { type GaugeSpec, ReportGauges } from "../telemetry/report-gauges.ts";
import type { ViewVersionId } from "./view-store.ts";

/** The numbers of a view. A number that is not known is missing. */
export interface ViewNumbers {
	/** The events that are not in the view yet. */
	readonly lag?: number;
	/** How old the oldest of them is; 0 without one. */
	readonly lagSeconds?: number;
	/** The documents that did not take an event. */
	readonly parked?: number;
}

/** A version of a view that is measured. */
export interface MeasuredView {
	readonly id: ViewVersionId;
	status(ctx: Context): Promise<ViewNumbers>;
}

/** The gauges of a view. */
const gauges = {
	lag: ["allium.view.lag", "{event}", "Events that are not in the view yet."],
	lagSeconds: ["allium.view.lag.seconds", "s", "The age of the oldest event that is not in the view yet."],
	parked: ["allium.view.parked", "{document}", "Documents that did not take an event."],
} as const satisfies { readonly [Name in keyof ViewNumbers]: GaugeSpec };

/** Measures how the views of a process are doing, whenever an OpenTelemetry SDK asks. */
export class ViewMetrics {
	readonly #gauges: ReportGauges<keyof typeof gauges>;

	/** @param views the views that exist when the SDK asks. */
	constructor(views: Iterable<MeasuredView>) {
		this.#gauges = new ReportGauges<keyof typeof gauges>(gauges, () =>
			Array.from(views, (view) => ({
				attributes: { "allium.view.name": view.id.name, "allium.view.version": view.id.version },
				report: (ctx) => view.status(ctx),
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
