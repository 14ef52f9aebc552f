import { ServiceError } from "@allium/core";
import { parseAuthority } from "./authority.ts";

/**
 * The address on which a transport listens, from `host:port` or `[v6]:port`.
 *
 * @throws ServiceError `invalid_argument` for any other form. A guess would make it listen where nobody looks for it.
 */
export function parseListenAddress(address: string): { host: string; port: number } {
	const { host, port } = parseAuthority(address) ?? {};
	if (host !== undefined && port !== undefined) return { host, port };
	throw new ServiceError({
		code: "invalid_argument",
		message: `cannot listen on ${JSON.stringify(address)}; write it like 127.0.0.1:4000 or [::1]:4000, with port 0 for a free one`,
	});
}
