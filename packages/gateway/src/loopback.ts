import { isIPv4 } from "node:net";

/** Whether a host, as it is listened on or called by, is this machine alone. */
export function isLoopback(host: string): boolean {
	const name = host.replace(/^\[|\]$/g, "").toLowerCase();
	return (
		name === "localhost" ||
		name.endsWith(".localhost") ||
		name === "::1" ||
		(isIPv4(name) && name.startsWith("127."))
	);
}
