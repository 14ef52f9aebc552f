import { type LookupAddress, lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { ServiceError } from "@allium/core";

/**
 * The addresses of IPv4 that do not lead into the internet.
 * See https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const special4 = [
	"0.0.0.0/8",
	"10.0.0.0/8",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"169.254.0.0/16",
	"172.16.0.0/12",
	"192.0.0.0/24",
	"192.0.2.0/24",
	"192.88.99.0/24",
	"192.168.0.0/16",
	"198.18.0.0/15",
	"198.51.100.0/24",
	"203.0.113.0/24",
	"224.0.0.0/3",
] as const;

/**
 * The IPv6 addresses that may lead into the internet are those in 2000::/3, except for these. Some of them have an
 * address of IPv4 inside, which may be a private one. See https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const special6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"] as const;

const special = new BlockList();
for (const subnet of special4) addSubnet(special, subnet, "ipv4");
for (const subnet of special6) addSubnet(special, subnet, "ipv6");

const global6 = new BlockList();
addSubnet(global6, "2000::/3", "ipv6");

const mapped4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Whether an IP address leads into the internet, and neither to this machine nor into a private network. */
export function isPublicAddress(address: string): boolean {
	const inside = mapped4.exec(address)?.[1];
	if (inside !== undefined) return isPublicAddress(inside);
	if (isIP(address) === 4) return !special.check(address, "ipv4");
	return isIP(address) === 6 && global6.check(address, "ipv6") && !special.check(address, "ipv6");
}

/**
 * Resolves the name of a host for a connection, to its public addresses only. The connection is made to what this
 * returns: a name that resolves to another address a moment later gains nothing.
 */
export const publicLookup: LookupFunction = (host, options, callback) => {
	lookup(host, { ...options, all: true }, (error, found) => {
		if (error !== null) {
			callback(error, "", 0);
			return;
		}
		const [first, ...others] = found.filter(({ address }) => isPublicAddress(address));
		if (first === undefined) callback(privateAddress(host), "", 0);
		else if (options.all === true) callback(null, [first, ...others] satisfies LookupAddress[]);
		else callback(null, first.address, first.family);
	});
};

/** The refusal of a host that leads to this machine or into a private network. */
export function privateAddress(host: string): ServiceError {
	return new ServiceError({
		code: "permission_denied",
		reason: "private_address",
		message: `${host} leads to this machine or into a private network, where webhooks are not sent; allow: ["private"] permits it`,
	});
}

function addSubnet(list: BlockList, subnet: string, type: "ipv4" | "ipv6"): void {
	const [address = "", prefix] = subnet.split("/");
	list.addSubnet(address, Number(prefix), type);
}
