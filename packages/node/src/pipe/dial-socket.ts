import { connect } from "node:net";
import { type Pipe, ServiceError } from "@allium/core";
import { SocketPipe } from "./socket-pipe.ts";

/** Opens a TCP connection for frames to an address such as `allium://127.0.0.1:4000`. */
export function dialSocket(address: string, signal: AbortSignal): Promise<Pipe> {
	const { host, port } = parseAddress(address);
	return new Promise((resolve, reject) => {
		const socket = connect({ host, port, noDelay: true });
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
		socket.once("connect", () => {
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
