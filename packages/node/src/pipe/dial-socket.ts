import { connect, type Socket } from "node:net";
import { ServiceError } from "@allium/core";
import type { DialPipe } from "@allium/core/frames";
import type { Pipe } from "@allium/core/transport";
import type { TlsDialer } from "../tls/tls-dialer.ts";
import { SocketPipe } from "./socket-pipe.ts";

/** Opens a TCP connection for frames to an address such as `allium://127.0.0.1:4000`. */
export function dialSocket(address: string, signal: AbortSignal): Promise<Pipe> {
	const { host, port } = parseAddress(address);
	return opened(connect({ host, port, noDelay: true }), "connect", signal);
}

/**
 * Opens connections over TLS for frames to addresses such as `allium+tls://add.example:4000`.
 *
 * @param identity that which the server has to prove. Default: that of the host.
 */
export function dialSecurely(dialer: TlsDialer, identity?: string): DialPipe {
	return (address, signal) => {
		const { host, port } = parseAddress(address);
		return opened(dialer.dial(host, port, "allium/1", identity), "secureConnect", signal);
	};
}

/** Returns the pipe of a socket as soon as the socket is connected. */
function opened(socket: Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<Pipe> {
	return new Promise((resolve, reject) => {
		const abort = (): void => {
			socket.destroy();
			reject(signal.reason);
		};
		const settled = (): void => {
			signal.removeEventListener("abort", abort);
			socket.removeListener("error", failed);
		};
		const failed = (error: Error): void => {
			settled();
			reject(error);
		};
		socket.once("error", failed);
		socket.once(event, () => {
			settled();
			resolve(new SocketPipe(socket));
		});
		signal.addEventListener("abort", abort, { once: true });
		if (signal.aborted) abort();
	});
}

/** Host and port of a URL such as `allium://127.0.0.1:4000`. */
export function parseAddress(address: string): { host: string; port: number } {
	const url = URL.parse(address);
	const port = Number(url?.port);
	if (url === null || url.hostname === "" || !Number.isInteger(port) || port < 1) {
		throw new ServiceError({
			code: "invalid_argument",
			message: `"${address}" is no address; write it like allium://127.0.0.1:4000`,
		});
	}
	return { host: url.hostname.replace(/^\[|\]$/g, ""), port };
}
