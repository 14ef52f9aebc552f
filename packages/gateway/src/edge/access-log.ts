import type { Logger, PeerInfo } from "@allium/core";
import type { HttpRequest, HttpResponse } from "@allium/node";

/** Asked all the time by whoever watches over the process. */
const probes: readonly string[] = ["/healthz", "/readyz", "/metrics"];

/** Writes a line for a request when it is over. Not its query, which may hold what nobody shall read. */
export function logAccess(
	request: HttpRequest,
	response: HttpResponse,
	{ path, id, peer }: { path: string; id: string; peer: PeerInfo },
	logger: Logger,
): void {
	const startedAt = performance.now();
	const { method } = request;
	response.on("close", () => {
		// A WebSocket ends with its connection.
		const aborted = !response.writableFinished && response.statusCode !== 101;
		logger.log(probes.includes(path) ? "debug" : "info", "request", {
			method,
			path,
			// A client that went before it was answered has seen none.
			status: aborted && !response.headersSent ? 499 : response.statusCode,
			ms: Math.round((performance.now() - startedAt) * 10) / 10,
			id,
			peer: peer.address,
			...(aborted && { aborted }),
		});
	});
}
