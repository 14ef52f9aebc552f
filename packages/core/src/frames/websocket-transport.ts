import type { Format } from "../codec/format.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Pipe } from "../transport/pipe.ts";
import type { Dialer, Peer } from "../transport/transport.ts";
import type { FrameLimits } from "./frame-limits.ts";
import { checkFramesOptions, FramesPeer } from "./frames-peer.ts";
import { WebSocketPipe, webSocketPath, webSocketProtocol } from "./websocket-pipe.ts";

/** How frames go over the platform's WebSocket. */
export interface WebSocketOptions {
	/** The scheme of the URLs that it dials: one transport for each. Default: `ws`. */
	readonly scheme?: "ws" | "wss";
	/** The formats to prefer to JSON, in order. Default: none. */
	readonly formats?: readonly Format[];
	readonly limits?: Partial<FrameLimits>;
	/** How long connecting may take, in milliseconds. Default: 5 s. */
	readonly connectTimeoutMs?: number;
}

/**
 * Allium frames over the platform's WebSocket, for URLs such as `ws://127.0.0.1:4000`: all four kinds of
 * methods, from browsers too, on one connection. Without a path, a URL stands for `/-/ws` there. It only dials.
 *
 * @throws RangeError for a duration or the number of a format that is not possible.
 */
export function webSocketTransport(options: WebSocketOptions = {}): Dialer {
	checkFramesOptions(options);
	return {
		scheme: options.scheme ?? "ws",
		dial: (address: string): Peer => {
			const url = socketUrl(address);
			return new FramesPeer(address, (_, signal) => dialWebSocket(url, signal), options);
		},
	};
}

/** Opens a WebSocket for frames. */
function dialWebSocket(url: string, signal: AbortSignal): Promise<Pipe> {
	const socket = new WebSocket(url, webSocketProtocol);
	socket.binaryType = "arraybuffer";
	return new Promise((resolve, reject) => {
		const settle = (): void => {
			signal.removeEventListener("abort", aborted);
			socket.removeEventListener("open", opened);
			socket.removeEventListener("close", closed);
		};
		const aborted = (): void => {
			settle();
			socket.close();
			reject(signal.reason);
		};
		const opened = (): void => {
			settle();
			if (socket.protocol === webSocketProtocol) resolve(new WebSocketPipe(socket));
			else {
				socket.close();
				reject(new Error(`the server does not speak ${webSocketProtocol} over WebSockets`));
			}
		};
		// The platform does not tell why.
		const closed = (): void => {
			settle();
			reject(new Error("no WebSocket; is the server up, and does it take those of this page?"));
		};
		signal.addEventListener("abort", aborted);
		socket.addEventListener("open", opened);
		socket.addEventListener("close", closed);
		if (signal.aborted) aborted();
	});
}

function socketUrl(address: string): string {
	const url = URL.parse(address);
	if (url?.protocol !== "ws:" && url?.protocol !== "wss:") {
		const message = `"${address}" is no address; write it like wss://example.org`;
		throw new ServiceError({ code: "invalid_argument", message });
	}
	if (url.pathname === "/") url.pathname = webSocketPath;
	url.hash = "";
	return url.href;
}
