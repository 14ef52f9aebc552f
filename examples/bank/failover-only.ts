import type { ClientLayers } from "allium";
import { metrics, retry, timeout, tracing } from "allium";
import { passPositions } from "./pass-positions.ts";

/**
 * The layers of a client in the middle of a chain. It moves on from an instance that it cannot reach, but retries
 * nothing. Only the first client of the chain retries. Otherwise each hop would multiply the attempts of the one
 * before.
 */
export function failoverOnly(): ClientLayers {
	const failover = [tracing("client"), metrics("client"), timeout(), retry({ attempts: 1 })];
	return { middleware: [passPositions, ...failover] };
}
