import type {
	ContextManager,
	MeterProvider,
	Context as OtelContext,
	Span,
	SpanKind,
	SpanStatusCode,
	TextMapPropagator,
	TracerProvider,
} from "@opentelemetry/api";

// The API of OpenTelemetry is imported only for its types. Its fifty files would take a tenth of the start-up time of a
// service, which may never have an SDK. With an SDK they do little more than this file does.

/** The parts that an OpenTelemetry SDK has registered in this process. A part is undefined until it is registered. */
export interface Registered {
	readonly trace?: TracerProvider;
	readonly metrics?: MeterProvider;
	readonly context?: ContextManager;
	readonly propagation?: TextMapPropagator;
}

/** The key under which all copies of version 1 of the API in a process share their registrations. */
const registry: unique symbol = Symbol.for("opentelemetry.js.api.1");

/** The key under which these copies find the span of a context. */
const spanKey: symbol = Symbol.for("OpenTelemetry Context Key SPAN");

const scope: typeof globalThis & { readonly [registry]?: Registered } = globalThis;
const nothing: Registered = {};

/** The parts that are registered now. Each call asks, because an SDK may come and go at any time. */
export function registered(): Registered {
	return scope[registry] ?? nothing;
}

/** The kinds of the spans of calls and events. They stand here because only the types of the API are imported. */
export const spanKinds: {
	readonly server: SpanKind.SERVER;
	readonly client: SpanKind.CLIENT;
	readonly producer: SpanKind.PRODUCER;
	readonly consumer: SpanKind.CONSUMER;
} = { server: 1, client: 2, producer: 3, consumer: 4 };

/** The status of a span that failed. */
export const errorStatus: SpanStatusCode.ERROR = 2;

/** The context that is active in OpenTelemetry. */
export function activeContext(): OtelContext {
	return registered().context?.active() ?? rootContext;
}

/** The span of a context. */
export function spanOf(telemetry: OtelContext): Span | undefined {
	// Only the API of OpenTelemetry and this file use the key.
	return telemetry.getValue(spanKey) as Span | undefined;
}

/** A copy of a context with another span. */
export function withSpan(telemetry: OtelContext, span: Span): OtelContext {
	return telemetry.setValue(spanKey, span);
}

class Values implements OtelContext {
	readonly #values: ReadonlyMap<symbol, unknown>;

	constructor(values: ReadonlyMap<symbol, unknown>) {
		this.#values = values;
	}

	getValue(key: symbol): unknown {
		return this.#values.get(key);
	}

	setValue(key: symbol, value: unknown): OtelContext {
		return new Values(new Map(this.#values).set(key, value));
	}

	deleteValue(key: symbol): OtelContext {
		const values = new Map(this.#values);
		values.delete(key);
		return new Values(values);
	}
}

/** The empty context. */
export const rootContext: OtelContext = new Values(new Map());
