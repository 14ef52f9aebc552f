import { isIP } from "node:net";
import { ServiceError } from "@allium/core";
import { checkDuration } from "@allium/core/transport";
import type { DnsParameters } from "./dns-url.ts";

/** How DNS is asked. Each has a parameter of the same name in the URL; the option of code wins. */
export interface DnsSettings {
	/**
	 * The servers to ask: `address` or `address:port`. Default: the servers that the system names in `/etc/resolv.conf`.
	 */
	readonly servers: readonly string[];
	/** The family of addresses. Default: IPv4, and IPv6 for a name without an IPv4 address. */
	readonly family: 4 | 6 | "any";
	/**
	 * Whether SRV records of all priorities are listed, or only records of the preferred priority. Each instance has its
	 * priority as the label `priority`. Default: `first`.
	 */
	readonly priorities: "first" | "all";
	/** How often a name without a time to live is asked for, in milliseconds. Default: 5000. */
	readonly pollMs: number;
	/** How long a server may take for the first answer to a question, in milliseconds. Default: 2000. */
	readonly timeoutMs: number;
	/**
	 * How long instances stay that an empty answer, or the first answer after an outage, does not have, in
	 * milliseconds. Default: 10000.
	 */
	readonly graceMs: number;
}

/**
 * Reads the settings from the code, else from the URL, else the defaults.
 *
 * @throws ServiceError `invalid_argument` for a value of the URL that cannot be used; RangeError for a duration of code.
 */
export function dnsSettings(parameters: DnsParameters, options: Partial<DnsSettings>): DnsSettings {
	const servers = options.servers ?? parameters.server?.split(",").map((server) => server.trim()) ?? [];
	for (const server of servers)
		if (!isServer(server)) throw fault("server", server, "an address, such as 10.0.0.10 or 127.0.0.1:5353");
	return {
		servers,
		family: options.family ?? oneOf("family", parameters.family, { "4": 4, "6": 6, any: "any" }) ?? "any",
		priorities:
			options.priorities ??
			oneOf("priorities", parameters.priorities, { first: "first", all: "all" }) ??
			"first",
		pollMs: duration("pollMs", options, parameters, 5_000),
		timeoutMs: duration("timeoutMs", options, parameters, 2_000),
		graceMs: duration("graceMs", options, parameters, 10_000),
	};
}

function duration(
	name: "pollMs" | "timeoutMs" | "graceMs",
	options: Partial<DnsSettings>,
	parameters: DnsParameters,
	otherwise: number,
): number {
	const given = options[name];
	if (given !== undefined) return checkDuration(name, given, name === "graceMs" ? "any" : "positive");
	const text = parameters[name];
	if (text === undefined) return otherwise;
	if (!/^[1-9]\d{0,8}$/.test(text)) throw fault(name, text, "milliseconds, such as 5000");
	return Number(text);
}

function oneOf<Value>(
	name: string,
	text: string | undefined,
	values: Readonly<Record<string, Value>>,
): Value | undefined {
	if (text === undefined) return undefined;
	if (Object.hasOwn(values, text)) return values[text];
	throw fault(name, text, Object.keys(values).join(" or "));
}

function isServer(text: string): boolean {
	const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+|[^[\]]+?))(?::(\d{1,5}))?$/.exec(text) ?? [];
	if (isIP(text) !== 0) return true;
	const host = bracketed ?? plain ?? "";
	const isAddress = bracketed === undefined ? isIP(host) === 4 : isIP(host) === 6;
	return isAddress && (port === undefined || (Number(port) >= 1 && Number(port) <= 65_535));
}

function fault(name: string, text: string, takes: string): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		message: `the parameter ${name} of "dns:" is ${JSON.stringify(text)}, but takes ${takes}`,
	});
}
