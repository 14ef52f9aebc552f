import type { Server as HttpServer } from "node:http";
import type { Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

/** Listens on any free port of this machine. Returns a server of the benchmark. */
export async function listen(
	server: HttpServer | Http2Server,
	scheme: "http" | "https" = "http",
): Promise<{ address: string; close(): Promise<void> }> {
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return {
		address: `${scheme}://127.0.0.1:${port}`,
		close: () => {
			if ("closeAllConnections" in server) server.closeAllConnections();
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
}

/** Returns a port that is free now, for servers that must know their port before they listen. */
export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise<void>((resolve) => server.close(() => resolve()));
	return port;
}
