import { BlockList, isIP } from "node:net";
import { wrongValue } from "../config/invalid-configuration.ts";

/**
 * Whether connections begin with a header of the PROXY protocol (version 1 or 2), by which a balancer in front passes
 * on their source. `true`: all connections do, and one without it is cut. `from`: connections from these addresses or
 * networks do, such as `10.0.0.0/8`; others are taken as they are.
 */
export type ProxyProtocol = boolean | { readonly from: readonly string[] };

/**
 * Decides by the address of a connection whether the connection must begin with a header.
 *
 * @param name of the option or variable, for the error.
 * @throws ServiceError `failed_precondition` when a network is malformed.
 */
export function proxiedFrom(
	proxy: ProxyProtocol | undefined,
	name = "proxyProtocol",
): (address: string | undefined) => boolean {
	if (typeof proxy !== "object") return () => proxy === true;
	const networks = new BlockList();
	for (const network of proxy.from) add(networks, network, name);
	return (address = "") => {
		const family = isIP(address);
		return family !== 0 && networks.check(address, family === 6 ? "ipv6" : "ipv4");
	};
}

function add(networks: BlockList, text: string, name: string): void {
	const [address = "", prefix] = text.split("/");
	const family = isIP(address);
	const most = family === 6 ? 128 : 32;
	const bits = prefix === undefined ? most : Number(prefix);
	if (family === 0 || !/^\d*$/.test(prefix ?? "") || prefix === "" || bits > most) {
		throw wrongValue(name, text, "true, false, or addresses and networks such as 10.0.0.0/8");
	}
	networks.addSubnet(address, bits, family === 6 ? "ipv6" : "ipv4");
}
