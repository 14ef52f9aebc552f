import type { ClientLayers } from "allium";
import { metrics, retry, timeout, tracing } from "allium";

/**
 * The layers of a client in the middle of a chain: it moves on from an instance that it cannot reach, and tries
 * nothing twice. Only the first of the chain does, or each hop would multiply the tries of the one before.
 */
export function failoverOnly(): ClientLayers {
	return { middleware: [tracing("client"), metrics("client"), timeout(), retry({ attempts: 1 })] };
}
