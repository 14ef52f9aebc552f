import { SdkInstruments } from "@allium/core/transport";
import type { Departure } from "./strict-head.ts";

/** Counts the connections that were handed over to Node, by the reason, for the OpenTelemetry SDK if there is one. */
export class HandOverMetrics {
	readonly #sdk = new SdkInstruments((meter) =>
		meter.createCounter("allium.http.handed_over", {
			unit: "{connection}",
			description:
				"Connections of HTTP/1.1 that Node's server reads, because a request left the strict subset.",
		}),
	);

	count(reason: Departure): void {
		this.#sdk.current()?.add(1, { reason });
	}
}
