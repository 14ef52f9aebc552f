import type { Meter, MeterProvider } from "@opentelemetry/api";
import { instrumentation, schemaUrl } from "./call-facts.ts";
import { registered } from "./open-telemetry.ts";

/**
 * The instruments of the SDK that is registered. Each use asks for them, because an SDK may be registered at any time.
 */
export class SdkInstruments<Instruments> {
	readonly #make: (meter: Meter) => Instruments;
	#provider: MeterProvider | undefined;
	#instruments: Instruments | undefined;

	/** @param make makes the instruments, once for each SDK. */
	constructor(make: (meter: Meter) => Instruments) {
		this.#make = make;
	}

	/** Undefined when there is no SDK. */
	current(): Instruments | undefined {
		const provider = registered().metrics;
		if (provider !== this.#provider) {
			this.#provider = provider;
			this.#instruments =
				provider && this.#make(provider.getMeter(instrumentation, undefined, { schemaUrl }));
		}
		return this.#instruments;
	}
}

/** The bounds of histograms of durations that the conventions advise, in seconds. */
export const durationBuckets: number[] = [
	0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
