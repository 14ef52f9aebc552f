import { isIPv4 } from "node:net";

/** Whether a host means this machine alone, as an address to listen on or to call. */
export function isLoopback(host: string): boolean {
	const name = host.replace(/^\[|\]$/g, "").toLowerCase();
	if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
	const address = name.replace(/^::ffff:/, "");
	return isIPv4(address) && address.startsWith("127.");
}
