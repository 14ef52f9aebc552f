import type { Logger } from "@allium/core";
import type { HttpRequest, HttpResponse } from "@allium/node";

/** The paths that monitoring requests all the time. */
const probes: readonly string[] = ["/healthz", "/readyz", "/metrics"];

/** Writes a line for a request when it is over. It leaves out the query, which may hold secrets. */
export function logAccess(request: HttpRequest, response: HttpResponse, id: string, logger: Logger): void {
	const startedAt = performance.now();
	const { method, path, peer } = request;
	response.onClose(() => {
		// A WebSocket ends with its connection.
		const aborted = !response.isDelivered && response.status !== 101;
		const fields = {
			method,
			path,
			// A client that left before the answer has seen no status.
			status: aborted && !response.isHeadSent ? 499 : response.status,
			ms: Math.round((performance.now() - startedAt) * 10) / 10,
			id,
			peer: peer.address,
		};
		const level = probes.includes(path) ? "debug" : "info";
		logger.log(level, "request", aborted ? { ...fields, aborted } : fields);
	});
}
