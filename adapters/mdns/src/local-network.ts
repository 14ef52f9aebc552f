import { BlockList, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { invalidUrl, refusal } from "@allium/core/adapter";

/** The network that an address of this host belongs to. */
export interface LocalNetwork {
	/** The address of this host: `192.168.1.5`. */
	readonly address: string;
	/** Whether an address is on the same link. */
	contains(address: string): boolean;
}

/**
 * The network of an address of this host. Default: the first address that others can reach, otherwise loopback.
 *
 * @throws ServiceError `invalid_argument` for a text that is no IPv4 address, `failed_precondition` if the host has no
 * such address.
 */
export function localNetwork(wanted?: string): LocalNetwork {
	if (wanted !== undefined && !isIPv4(wanted)) {
		throw invalidUrl(
			`interface is an IPv4 address of this host, such as 192.168.1.5, not ${JSON.stringify(wanted)}`,
		);
	}
	const addresses = Object.values(networkInterfaces())
		.flatMap((each) => each ?? [])
		.filter(({ family }) => family === "IPv4");
	const outside = addresses.find(({ internal }) => !internal);
	const found =
		wanted === undefined ? (outside ?? addresses[0]) : addresses.find(({ address }) => address === wanted);
	if (found === undefined) {
		const known = addresses.map(({ address }) => address).join(", ");
		throw refusal(
			`this host does not have the address ${wanted ?? "of any network"}; it has ${known || "none"}`,
		);
	}
	const { address, cidr } = found;
	const link = new BlockList();
	link.addSubnet(address, Number(cidr?.split("/")[1] ?? 32), "ipv4");
	return { address, contains: (other) => link.check(other, "ipv4") };
}
