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
		if (all) checkEndpoint("OTEL_EXPORTER_OTLP_ENDPOINT", all);
		if (traces) checkEndpoint("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", traces);
		return all || traces ? new OTLPTraceExporter({ timeoutMillis }) : undefined;
	}
	checkEndpoint("traces", endpoint);
	return new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces`, timeoutMillis });
}

/** Refuses what is no URL of HTTP. */
function checkEndpoint(name: string, endpoint: string): void {
	if (/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) return;
	const error = new TypeError(
		`${name} takes the address of an OTLP collector, such as http://127.0.0.1:4318, and not ${JSON.stringify(endpoint)}`,
	);
	// Where it was found out does not help anybody who configures a process.
	error.stack = error.message;
	throw error;
}
