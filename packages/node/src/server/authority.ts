import { isIPv4, isIPv6 } from "node:net";

/** A host, and the port where one is given. */
export interface Authority {
	readonly host: string;
	readonly port: number | undefined;
}

/** The forms that {@link parseAuthority} takes, for messages. */
export const authorityForm = "host or host:port, such as 10.0.0.3:4000, add.internal or [::1]:4000";

/**
 * Reads `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address; undefined for any other form, such as a URL, a
 * port alone, or a port above 65535.
 */
export function parseAuthority(text: string): Authority | undefined {
	if (isIPv6(text)) return { host: text, port: undefined };
	const [, address, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
	const host = address ?? name;
	const port = digits === undefined ? undefined : Number(digits);
	if (host === undefined || (port !== undefined && port > 65_535)) return undefined;
	if (address !== undefined ? !isIPv6(address) : !isHost(host)) return undefined;
	return { host, port };
}

/** Whether a text is a host name or an IPv4 address. A number alone is an incomplete address or a port. */
function isHost(text: string): boolean {
	if (/^[\d.]+$/.test(text)) return isIPv4(text);
	return text.length <= 253 && /^(?:[\w-]{1,63}\.)*[\w-]{1,63}\.?$/.test(text);
}
