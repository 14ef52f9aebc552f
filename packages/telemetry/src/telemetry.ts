import type { Logger } from "@allium/core";
import { context, diag, metrics, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import {
	BatchSpanProcessor,
	ParentBasedSampler,
	type SpanExporter,
	TraceIdRatioBasedSampler,
	TracerProvider,
} from "@opentelemetry/sdk-trace";
import { logTrouble } from "./log-trouble.ts";
import { otlpExporter } from "./otlp-exporter.ts";
import { observeProcess } from "./process-metrics.ts";
import { PrometheusReader } from "./prometheus-reader.ts";
import { resourceOf } from "./resource.ts";

/** How long sending spans may take, in milliseconds. This also bounds the last sending, when telemetry ends. */
const exportTimeoutMs = 5_000;

/** The options of telemetry. */
export interface TelemetryOptions {
	/** The name of the source of spans and metrics, `service.name`: the same as for `allium`. */
	readonly name: string;
	/** The version of that source, `service.version`. */
	readonly version?: string;
	/**
	 * The destination of spans: the address of an OTLP collector, such as `http://127.0.0.1:4318`, or an exporter.
	 * Default: `OTEL_EXPORTER_OTLP_ENDPOINT`. Without either, no spans are made.
	 */
	readonly traces?: string | SpanExporter;
	/**
	 * The share of traces beginning here that is kept, from 0 to 1. Other traces are kept as their caller says.
	 * Default: 1.
	 */
	readonly sampleRatio?: number;
	/** Called when spans cannot be sent. Default: a warning of the process. */
	readonly logger?: Logger;
}

/** The OpenTelemetry SDK of a process. */
export interface Telemetry extends AsyncDisposable {
	/** The measurements in Prometheus' text format: `allium({ name, metrics: telemetry.prometheus })`. */
	readonly prometheus: () => Promise<string>;
	/**
	 * Sends the remaining spans, and ends; at most 5 s. The measurements are lost. A second call has no further effect.
	 */
	close(): Promise<void>;
}

/**
 * Sets up and registers the OpenTelemetry SDK for this process: spans to an OTLP collector in batches, metrics for
 * Prometheus, W3C trace context and baggage, and the active context through `await`. It serves everything in this
 * process that uses OpenTelemetry's API: Allium's own tracing and metrics, and other libraries.
 *
 * @example
 * await using telemetry = startTelemetry({ name: "shop" });
 * const app = allium({ name: "shop", metrics: telemetry.prometheus });
 * app.serve(Shop, shop);
 * await app.run();
 *
 * @throws Error when an SDK is registered in this process already, or an option is not possible.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
	return new Sdk(options);
}

class Sdk implements Telemetry {
	readonly #reader = new PrometheusReader();
	readonly #meters: MeterProvider;
	readonly #tracers: TracerProvider | undefined;
	readonly #stopObserving: () => void;
	readonly #tell: (message: string) => void;
	#closing: Promise<void> | undefined;

	constructor(options: TelemetryOptions) {
		const resource = resourceOf(options.name, options.version);
		const sampler = samplerOf(options.sampleRatio ?? 1);
		const exporter = typeof options.traces === "object" ? options.traces : otlpExporter(options.traces);
		this.#meters = new MeterProvider({ resource, readers: [this.#reader] });
		if (exporter !== undefined) {
			const processor = new BatchSpanProcessor({ exporter, exportTimeoutMillis: exportTimeoutMs });
			this.#tracers = new TracerProvider({ resource, sampler, spanProcessors: [processor] });
		}
		this.#register();
		this.#tell = logTrouble(options.logger);
		this.#stopObserving = observeProcess(this.#meters.getMeter("@allium/telemetry"));
	}

	readonly prometheus = (): Promise<string> => this.#reader.text();

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	#register(): void {
		if (!metrics.setGlobalMeterProvider(this.#meters)) throw taken("metrics");
		if (this.#tracers !== undefined && !trace.setGlobalTracerProvider(this.#tracers)) {
			metrics.disable();
			throw taken("traces");
		}
		const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
		propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
		context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
	}

	async #close(): Promise<void> {
		this.#stopObserving();
		const ends = await Promise.allSettled([this.#tracers?.shutdown(), this.#meters.shutdown()]);
		// This is reported and not thrown, because the caller that ends telemetry can do nothing about it.
		for (const end of ends)
			if (end.status === "rejected") this.#tell(`telemetry that was not sent is lost: ${end.reason}`);
		for (const part of [trace, metrics, propagation, context, diag]) part.disable();
	}
}

function samplerOf(ratio: number): ParentBasedSampler {
	if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`sampleRatio is from 0 to 1, and not ${ratio}`);
	return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
}

function taken(what: string): Error {
	return new Error(
		`${what} are registered in this process already; start telemetry once, or use the SDK that is there`,
	);
}
