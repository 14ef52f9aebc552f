import type { Instance } from "@allium/core";
import type { RegistryFilter } from "@allium/core/registry";

/** A folder of nodes. */
export interface NodeFolder {
	readonly path: string;
	/** How many levels lie between the folder and the nodes of instances: 1 where they are its children. */
	readonly depth: number;
}

/**
 * The nodes of an instance: `<base>/<namespace>/<contract>/<id>` for each contract, so that the instances of a contract
 * can be watched alone. An instance without contracts has one, with an empty contract.
 */
export function pathsOf(base: string, { namespace, services, id }: Instance): string[] {
	const contracts = services.length > 0 ? services.map(({ name }) => name) : [""];
	return Array.from(
		new Set(contracts),
		(contract) => `${base}/${segment(namespace)}/${segment(contract)}/${segment(id)}`,
	);
}

/** The folder that a filter means, and maybe more. */
export function folderOf(base: string, { namespace, service }: RegistryFilter): NodeFolder {
	if (namespace === undefined) return { path: base, depth: 3 };
	const path = `${base}/${segment(namespace)}`;
	return service === undefined ? { path, depth: 2 } : { path: `${path}/${segment(service)}`, depth: 1 };
}

/** The nodes above one, the topmost first. */
export function parentsOf(path: string): string[] {
	const names = path.split("/").slice(1, -1);
	return names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
}

/** ZooKeeper takes neither an empty name nor dots alone. */
function segment(text: string): string {
	const encoded = encodeURIComponent(text.toWellFormed());
	if (encoded === "") return "%";
	return /^\.+$/.test(encoded) ? encoded.replaceAll(".", "%2E") : encoded;
}
