import type { Tracer, TracerProvider } from "@opentelemetry/api";
import { instrumentation, schemaUrl } from "./call-facts.ts";
import { registered } from "./open-telemetry.ts";

/** The tracer of the SDK that is registered. Each use asks for it, because an SDK may be registered at any time. */
export class SdkTracer {
	#provider: TracerProvider | undefined;
	#tracer: Tracer | undefined;

	/** Undefined when there is no SDK. */
	current(): Tracer | undefined {
		const provider = registered().trace;
		if (provider !== this.#provider) {
			this.#provider = provider;
			this.#tracer = provider?.getTracer(instrumentation, undefined, { schemaUrl });
		}
		return this.#tracer;
	}
}
