import { isIPv6, type Socket } from "node:net";

/** An address and its port as one text in which the port is clear: `127.0.0.1:4000`, `[::1]:4000`. */
export function peerAddress(host: string, port: number | string): string {
	return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address and port of the other side of a connection. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
	return peerAddress(remoteAddress ?? "unknown", remotePort ?? 0);
}
