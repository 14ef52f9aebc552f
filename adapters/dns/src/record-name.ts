import { isIP } from "node:net";
import { ServiceError } from "@allium/core";

/** A name in DNS, and how the instances that it leads to are called. */
export interface RecordName {
	/** The scheme of their addresses, such as `allium`. */
	readonly scheme: string;
	/** The name, complete: no search domain is added. */
	readonly host: string;
	/** Their port, where the name has A and AAAA records; undefined where it has SRV records, which tell the ports. */
	readonly port: number | undefined;
}

/** The place of the service's name in a template. */
export const placeholder = "{service}";

const form =
	"write name:port for A and AAAA records, or a name alone for SRV records, such as orders.shop.svc.cluster.local:4000 or _allium._tcp.orders.example.org";

/**
 * Reads `[scheme://]name[:port]`. Without a scheme, the instances are called at `allium:` addresses.
 *
 * @throws ServiceError `invalid_argument` that names the fault and the correct form.
 */
export function parseRecordName(text: string): RecordName {
	const [, scheme = "allium", host, port] =
		/^(?:([a-z][a-z0-9+.-]*):\/\/)?([^:/?#@\s]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
	const fault = (why: string): ServiceError =>
		new ServiceError({ code: "invalid_argument", message: `${JSON.stringify(text)} ${why}; ${form}` });
	if (host === undefined) throw fault("is not a name in DNS");
	if (isIP(host) !== 0) throw fault("is an address, which static: lists");
	if (!isDomainName(host)) throw fault("is not a name in DNS");
	if (port !== undefined && !isPort(Number(port))) throw fault("has no port from 1 to 65535");
	return { scheme, host: host.replace(/\.$/, ""), port: port === undefined ? undefined : Number(port) };
}

/** A name as a reader knows it from the URL. */
export function recordNameText({ scheme, host, port }: RecordName): string {
	return `${scheme}://${host}${port === undefined ? "" : `:${port}`}`;
}

function isDomainName(host: string): boolean {
	return /^([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?$/.test(host) && host.length <= 254;
}

function isPort(port: number): boolean {
	return port >= 1 && port <= 65_535;
}
