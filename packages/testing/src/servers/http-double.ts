import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A double of a server that speaks HTTP. */
export interface HttpDouble {
	/** `127.0.0.1:PORT`. */
	readonly host: string;
	/** Stops the server, and closes its connections. */
	close(): Promise<void>;
}

/** Starts an HTTP server that answers as a test says, for answers that a real server does not give on request. */
export async function httpDouble(answer: RequestListener): Promise<HttpDouble> {
	const server = createServer(answer);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return {
		host: `127.0.0.1:${port}`,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
