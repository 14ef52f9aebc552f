import { createHash } from "node:crypto";

/** The name of the service under which an instance without contracts is registered. */
const withoutContract = "allium";

/** Separates a namespace from the name of a contract. */
const separator = "--";

/** The service of Consul itself, which everybody sees. */
export const consulItself = "consul";

/**
 * The name of a contract in Consul: its own in the namespace `default`, else with the namespace before it, as in
 * `blue--cart`. So the other users of Consul find services by the names that they know, and never those of another
 * namespace.
 */
export function serviceName(namespace: string, contract: string): string {
	const name = contract === "" ? withoutContract : contract;
	return namespace === "default" ? name : `${plain(namespace)}${separator}${name}`;
}

/** Returns true if a name in Consul may stand for a contract, in the given namespace or in any. */
export function mayBeOf(name: string, namespace: string | undefined, contract: string | undefined): boolean {
	if (namespace !== undefined && contract !== undefined) return name === serviceName(namespace, contract);
	if (contract !== undefined) return name === contract || name.endsWith(`${separator}${contract}`);
	if (namespace === undefined) return true;
	return namespace === "default"
		? !name.includes(separator)
		: name.startsWith(serviceName(namespace, "-").slice(0, -1));
}

/** The id of the service of one instance. It needs no escaping in a path. */
export function serviceId(name: string, instance: string): string {
	return `${name}:${plain(instance)}`;
}

/** The same text where it is harmless and short, else a hash of it. */
function plain(text: string): string {
	if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text;
	return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
