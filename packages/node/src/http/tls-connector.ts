import type { TLSSocket } from "node:tls";
import { afterSilence } from "@allium/core/transport";
import type { buildConnector } from "undici";

/** The connector of undici for TLS. A connection counts when the server has proved its identity. */
export function tlsConnector(
	dialTls: (origin: buildConnector.Options) => TLSSocket,
	timeoutMs: number,
): buildConnector.connector {
	return (origin, callback) => {
		const socket = dialTls(origin);
		const settle = (error: Error | undefined): void => {
			timer.stop();
			socket.removeListener("error", settle).removeListener("secureConnect", connected);
			if (error === undefined) callback(null, socket);
			else callback(error, null);
		};
		const connected = (): void => settle(undefined);
		const timer = afterSilence(timeoutMs, () => {
			socket.destroy(new Error(`no connection within ${timeoutMs} ms`));
		});
		socket.once("error", settle).once("secureConnect", connected);
	};
}
