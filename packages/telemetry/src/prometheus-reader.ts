import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { AggregationTemporality, type MetricData, MetricReader } from "@opentelemetry/sdk-metrics";

/**
 * Reads the measurements on request, so that the one port can serve them and no server of its own is needed. Names end
 * in their unit, as Prometheus requires:
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export class PrometheusReader extends MetricReader {
	// The labels leave out the library that measured, because the name shows it.
	readonly #serializer = new PrometheusSerializer(undefined, false, undefined, false, true);

	constructor() {
		super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
	}

	/** Prometheus' text format 0.0.4. */
	async text(): Promise<string> {
		const { resourceMetrics } = await this.collect();
		const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => {
			return { ...scope, metrics: scope.metrics.map(withUnit) };
		});
		return this.#serializer.serialize({ ...resourceMetrics, scopeMetrics });
	}

	protected override async onForceFlush(): Promise<void> {}

	protected override async onShutdown(): Promise<void> {}
}

const words: Readonly<Record<string, string>> = {
	s: "seconds",
	ms: "milliseconds",
	By: "bytes",
	"1": "ratio",
};

/** A metric whose name ends in its unit, which is not added to a name that ends in it already. */
function withUnit(metric: MetricData): MetricData {
	const { descriptor } = metric;
	const word = words[descriptor.unit];
	const isNamed = word === undefined || descriptor.name.split(/[._]/).at(-1) === word;
	const name = isNamed ? descriptor.name : `${descriptor.name}_${word}`;
	return { ...metric, descriptor: { ...descriptor, name, unit: "" } };
}
