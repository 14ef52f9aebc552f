import { hash } from "node:crypto";
import type { Instance } from "@allium/core";
import type { RegistryFilter } from "@allium/core/registry";

/** The longest part of a key. The server takes lines of at most 4 KiB, and a key has few parts. */
const longestPart = 200;
/** Stands for the services of an instance that serves none, so that it has a key. No name is written like this. */
const noService = "=none";

/**
 * A name as a part of a key. Subjects of NATS are parts with dots between them, so everything but letters, digits, `-`
 * and `_` is written as `=` and two hexadecimal digits for each byte: `add.v2` is `add=2Ev2`. A long name is replaced
 * by its hash.
 *
 * @param longest the length from which on a part is long. Default: 200.
 */
export function keyPart(name: string, longest: number = longestPart): string {
	if (name === "") return "=";
	const part = name.replace(/[^A-Za-z0-9_-]+/g, escaped);
	return part.length <= longest ? part : `=h${hash("sha256", name, "base64url")}`;
}

/** The keys of an instance: `<namespace>.<service>.<id>` for each service, so that a watcher gets its services alone. */
export function recordKeys({ namespace, id, services }: Instance): readonly string[] {
	const names = services.length === 0 ? [noService] : services.map(({ name }) => keyPart(name));
	return [...new Set(names)].map((service) => `${keyPart(namespace)}.${service}.${keyPart(id)}`);
}

/** The keys that a filter lets through, with wildcards. */
export function keysOf({ namespace, service }: RegistryFilter): string {
	const part = (name: string | undefined): string => (name === undefined ? "*" : keyPart(name));
	return `${part(namespace)}.${part(service)}.*`;
}

/** The part of a key that is the same for all services of an instance. */
export function instanceOf(key: string): string {
	const [namespace, , id] = key.split(".");
	return `${namespace}.${id}`;
}

function escaped(text: string): string {
	return [...Buffer.from(text)]
		.map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`)
		.join("");
}
