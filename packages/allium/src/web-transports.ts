import { webSocketTransport } from "@allium/core/frames";
import { fetchTransport } from "@allium/core/http";
import type { Dialer } from "@allium/core/transport";

/** The transports that a browser has: `fetch` for `http:` and `https:` URLs, WebSockets for `ws:` and `wss:`. */
export function webTransports(): Dialer[] {
	return [
		fetchTransport({ scheme: "http" }),
		fetchTransport({ scheme: "https" }),
		webSocketTransport({ scheme: "ws" }),
		webSocketTransport({ scheme: "wss" }),
	];
}
