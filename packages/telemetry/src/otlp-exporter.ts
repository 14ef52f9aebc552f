import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";

/** How long one request to the collector may take, in milliseconds. */
const timeoutMillis = 5_000;

/**
 * Sends spans to an OTLP collector over HTTP, as JSON. Headers and certificates come from the environment, as
 * OpenTelemetry names them.
 *
 * @param endpoint the collector. Default: what the environment says.
 * @returns undefined when nobody said where.
 * @throws TypeError when the endpoint is no URL of HTTP.
 */
export function otlpExporter(endpoint: string | undefined): OTLPTraceExporter | undefined {
	if (endpoint === undefined) {
		const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces } = process.env;
		return all || traces ? new OTLPTraceExporter({ timeoutMillis }) : undefined;
	}
	if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
		throw new TypeError(
			`traces takes the address of an OTLP collector, such as http://127.0.0.1:4318, and not ${JSON.stringify(endpoint)}`,
		);
	}
	return new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces`, timeoutMillis });
}
