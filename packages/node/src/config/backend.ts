import type { OpenPort } from "@allium/core/adapter";
import type { Opening } from "./opening.ts";

/**
 * What is behind one port of a process, such as its registry: where the URL of the backend comes from, and how it is
 * opened.
 */
export interface Backend<Port> {
	/** The variable with its URL, such as `ALLIUM_REGISTRY`. */
	readonly variable: string;
	/** The service instance of Cloud Foundry with its URL, such as `allium-registry`. */
	readonly binding: string;
	/** The URL when none is given. */
	readonly default: string;
	/** The variable of another backend that it follows, where that can serve it and it has no URL of its own. */
	readonly follows?: string;
	/** What it is called in messages. Default: its name. */
	readonly called?: string;
	/** Makes a port that can be used at once. Its first use opens the backend. */
	defer(opening: Opening<Port>): Port;
}

/** The table of backends: a row for each port. What a port is called is also what adapters export for it. */
export type Backends<Ports> = { readonly [Name in keyof Ports]: Backend<Ports[Name]> };

/** What an adapter package exports: a function for each port that it serves. */
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
}

/** The backend of each port. */
export type BackendChoices<Ports> = { readonly [Name in keyof Ports]: BackendChoice };
