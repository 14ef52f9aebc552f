import type { OpenPort } from "@allium/core/adapter";
import type { Opening } from "./opening.ts";

/** The backend of one port of a process, such as its registry: the sources of its URL, and how it is opened. */
export interface Backend<Port> {
	/** The variable with its URL, such as `ALLIUM_REGISTRY`. */
	readonly variable: string;
	/** The service instance of Cloud Foundry with its URL, such as `allium-registry`. */
	readonly binding: string;
	/** The URL when none is given. */
	readonly default: string;
	/**
	 * The variable of another backend. This one uses its URL if it has none itself and the other's adapter can serve it.
	 */
	readonly follows?: string;
	/** The name for messages. Default: the name of the port. */
	readonly called?: string;
	/** Makes a port that can be used at once. Its first use opens the backend. */
	defer(opening: Opening<Port>): Port;
}

/**
 * The table of backends: a row for each port. The name of a port is also the name of the function that adapters export
 * for it.
 */
export type Backends<Ports> = { readonly [Name in keyof Ports]: Backend<Ports[Name]> };

/** The exports of an adapter package: a function for each port that it serves. */
export type AdapterOf<Ports> = { readonly [Name in keyof Ports]?: OpenPort<Ports[Name]> };

/** Adapters by the scheme of their URLs. */
export type AdaptersOf<Ports> = Readonly<Record<string, () => Promise<AdapterOf<Ports>>>>;

/** The chosen backend of a port. */
export interface BackendChoice {
	readonly url: string;
	/** The source of the URL, for messages: a variable, an option, or the default. */
	readonly source: string;
	/** The URL to use if the adapter of `url` does not serve the port: `url` was named for all ports. */
	readonly otherwise?: string;
	/** Whether an option names it, which wins over all variables. */
	readonly isOption?: true;
}

/** The backend of each port. */
export type BackendChoices<Ports> = { readonly [Name in keyof Ports]: BackendChoice };
