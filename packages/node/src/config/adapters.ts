import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { errorText } from "@allium/core";
import type { AdapterOf, AdaptersOf, BackendChoice } from "./backend.ts";
import { invalidConfiguration } from "./invalid-configuration.ts";
import { listed } from "./listed.ts";
import { maskUrl } from "./mask-url.ts";

/** The schemes whose adapters can be installed, as `@allium/<scheme>`. */
const published: readonly string[] = [
	"amqp",
	"consul",
	"dns",
	"etcd",
	"eureka",
	"kubernetes",
	"mdns",
	"nats",
	"postgres",
	"redis",
	"sqlite",
	"zookeeper",
];

/** Other schemes of the URLs that an adapter takes. */
const synonyms: ReadonlyMap<string, string> = new Map([
	["amqps", "amqp"],
	["postgresql", "postgres"],
	["rediss", "redis"],
]);

/** The sources of adapters. */
export interface AdapterSources<Ports> {
	/** The adapters that were passed in. They come first. */
	readonly given: AdaptersOf<Ports>;
	/** The adapters that need no package. */
	readonly builtIn: AdaptersOf<Ports>;
	/** The folder from which packages are resolved. */
	readonly cwd: string;
}

/** The scheme of a URL, without its colon and without a suffix after a plus: `nats` for `nats+tls:`. */
export function schemeOf(url: string): string {
	const [scheme = ""] = url.slice(0, url.indexOf(":")).split("+");
	return scheme;
}

/** The name of the adapter that takes a URL, which is the scheme of the addresses of its transport: `amqp` for `amqps:`. */
export function adapterNameOf(url: string): string {
	const scheme = schemeOf(url);
	return synonyms.get(scheme) ?? scheme;
}

/**
 * Loads the adapter for the scheme of a URL: one that was passed in, one that needs no package, or the package
 * `@allium/<scheme>`. A scheme that is another name of one, such as `postgresql`, has the adapter of that one.
 *
 * @throws ServiceError `failed_precondition` when there is none, or it cannot be loaded.
 */
export async function loadAdapter<Ports>(
	choice: BackendChoice,
	{ given, builtIn, cwd }: AdapterSources<Ports>,
): Promise<AdapterOf<Ports>> {
	const scheme = schemeOf(choice.url);
	const name = adapterNameOf(choice.url);
	const load = own(given, scheme) ?? own(given, name) ?? own(builtIn, name) ?? fromPackage<Ports>(name, cwd);
	if (load === undefined) throw noAdapter(choice, Object.keys({ ...given, ...builtIn }));
	try {
		return await load();
	} catch (error) {
		throw invalidConfiguration(
			`the adapter for "${scheme}:" URLs cannot be loaded: ${errorText(error)}`,
			error,
		);
	}
}

function own<T>(table: Readonly<Record<string, T>>, scheme: string): T | undefined {
	return Object.hasOwn(table, scheme) ? table[scheme] : undefined;
}

/** Loads an adapter from its package; undefined where that is not installed. */
function fromPackage<Ports>(name: string, cwd: string): (() => Promise<AdapterOf<Ports>>) | undefined {
	try {
		const path = createRequire(join(cwd, "package.json")).resolve(`@allium/${name}`);
		return () => import(pathToFileURL(path).href);
	} catch {
		return undefined;
	}
}

function noAdapter({ url, source }: BackendChoice, known: readonly string[]) {
	const scheme = schemeOf(url);
	const named = `${source} is ${maskUrl(url)}, but there is no adapter for "${scheme}:" URLs here`;
	const name = adapterNameOf(url);
	if (published.includes(name)) {
		return invalidConfiguration(`${named}; install it with "npm install @allium/${name}"`);
	}
	const schemes = [...new Set([...known, ...published])].sort().map((one) => `${one}:`);
	return invalidConfiguration(
		`${named}; there are adapters for ${listed(schemes)}, and the option "adapters" takes others`,
	);
}
