import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Registry } from "@allium/core";
import { maskUrl } from "./config.ts";
import { invalidConfiguration } from "./invalid-configuration.ts";

/** What an adapter package exports: a function for each port that it implements. */
export interface Adapter {
	readonly registry?: (url: string) => Registry | Promise<Registry>;
}

/** Adapters by the scheme of their URLs, for bundlers and third parties: `{ nats: () => import("@allium/nats") }`. */
export type Adapters = Readonly<Record<string, () => Promise<Adapter>>>;

/** The schemes of the adapters that there are to install. */
const published: readonly string[] = ["sqlite"];

/**
 * Opens the registry that a URL names. Its scheme names the adapter: one that was passed in, else the package
 * `@allium/<scheme>` as the folder `from` resolves it.
 *
 * @throws ServiceError `failed_precondition` when there is no such package, or it has no registry.
 */
export async function openRegistry(
	url: string,
	adapters: Adapters = {},
	from: string = process.cwd(),
): Promise<Registry> {
	const scheme = url.slice(0, url.indexOf(":"));
	const adapter = await load(scheme, adapters, from);
	if (adapter.registry === undefined) {
		throw invalidConfiguration(
			`@allium/${scheme} has no registry; choose another backend than ${maskUrl(url)} for it`,
		);
	}
	return adapter.registry(url);
}

async function load(scheme: string, adapters: Adapters, from: string): Promise<Adapter> {
	const given = Object.hasOwn(adapters, scheme) ? adapters[scheme] : undefined;
	if (given !== undefined) return given();
	const name = `@allium/${scheme}`;
	let path: string;
	try {
		path = createRequire(join(from, "package.json")).resolve(name);
	} catch {
		const advice = published.includes(scheme)
			? `install it with "npm install ${name}"`
			: `Allium brings one for ${published.map((known) => `${known}:`).join(", ")}; pass that of another in the option "adapters"`;
		throw invalidConfiguration(`there is no adapter for "${scheme}:" URLs here; ${advice}`);
	}
	return (await import(pathToFileURL(path).href)) as Adapter;
}
