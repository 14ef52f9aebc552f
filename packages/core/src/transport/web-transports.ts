import { webSocketTransport } from "../frames/websocket-transport.ts";
import { fetchTransport } from "../http/fetch-transport.ts";
import type { Transport } from "./transport.ts";

/** The transports that a browser has: `fetch` for `http:` and `https:` URLs, WebSockets for `ws:` and `wss:`. */
export function webTransports(): Transport[] {
	return [
		fetchTransport({ scheme: "http" }),
		fetchTransport({ scheme: "https" }),
		webSocketTransport({ scheme: "ws" }),
		webSocketTransport({ scheme: "wss" }),
	];
}
