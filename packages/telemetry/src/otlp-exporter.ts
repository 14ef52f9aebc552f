import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";

/** How long one request to the collector may take, in milliseconds. */
const timeoutMillis = 5_000;

/**
 * Sends spans to an OTLP collector over HTTP, as JSON. Headers and certificates come from the environment, in
 * OpenTelemetry's variables.
 *
 * @param endpoint the collector. Default: the one in the environment.
 * @returns undefined when neither names a collector.
 * @throws TypeError when the endpoint is not a URL of HTTP.
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

/** Refuses a text that is not a URL of HTTP. */
function checkEndpoint(name: string, endpoint: string): void {
	if (/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) return;
	const error = new TypeError(
		`${name} takes the address of an OTLP collector, such as http://127.0.0.1:4318, and not ${JSON.stringify(endpoint)}`,
	);
	// The stack does not help a person who configures a process.
	error.stack = error.message;
	throw error;
}
