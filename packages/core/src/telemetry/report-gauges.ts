import type { Attributes, BatchObservableCallback, Meter, ObservableGauge } from "@opentelemetry/api";
import { Context } from "../context/context.ts";
import { whileLasts } from "../endpoint/detached-call.ts";
import { SdkInstruments } from "./sdk-instruments.ts";

/** The name of a gauge, its unit and what it measures. */
export type GaugeSpec = readonly [metric: string, unit: string, description: string];

/** A source of reports, with the attributes of its measurements. */
export interface Reporting<Report> {
	readonly attributes: Attributes;
	report(ctx: Context): Promise<Report>;
}

/** How long a report may take, in milliseconds. */
const reportTimeoutMs = 5_000;

/**
 * Measures the numbers in a process's reports whenever an OpenTelemetry SDK asks. A number that was never known is not
 * measured; a number that is no longer known is NaN.
 */
export class ReportGauges<Name extends string> {
	readonly #gauges: Readonly<Record<Name, GaugeSpec>>;
	readonly #reporting: () => Iterable<Reporting<{ readonly [N in Name]?: number }>>;
	readonly #sdk = new SdkInstruments((meter) => this.#observe(meter));
	#stop: (() => void) | undefined;

	/** @param reporting returns the sources that exist when the SDK asks. */
	constructor(
		gauges: Readonly<Record<Name, GaugeSpec>>,
		reporting: () => Iterable<Reporting<{ readonly [N in Name]?: number }>>,
	) {
		this.#gauges = gauges;
		this.#reporting = reporting;
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
		const made = new Map<Name, ObservableGauge>();
		for (const name in this.#gauges) {
			const [metric, unit, description] = this.#gauges[name];
			made.set(name, meter.createObservableGauge(metric, { unit, description }));
		}
		const told = new Set<string>();
		const callback: BatchObservableCallback = async (result) => {
			for (const { attributes, report } of await this.#reports()) {
				for (const [name, gauge] of made) {
					const value = report?.[name];
					const series = JSON.stringify([attributes, name]);
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

	/** All reports. A report that cannot be had now is undefined. */
	#reports() {
		const ctx = Context.background().withTimeout(reportTimeoutMs);
		const asked = Array.from(this.#reporting(), async (each) => {
			const report = Promise.try(() => each.report(ctx));
			return { attributes: each.attributes, report: await whileLasts(report, ctx).catch(() => undefined) };
		});
		return Promise.all(asked);
	}
}
