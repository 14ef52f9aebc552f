import type { Logger } from "../logger/logger.ts";

/**
 * The options that an adapter receives beside the URL of its backend. A direct call of an adapter has defaults for
 * all.
 */
export interface AdapterOptions {
	/** The namespace of the process. It keeps the keys of processes apart that share a backend. */
	readonly namespace: string;
	/** The folder to which relative paths of the URL refer. */
	readonly cwd: string;
	readonly logger: Logger;
	/**
	 * The process that opens the backend. Adapters with the same scope may share connections, by {@link
	 * SharedResource}.
	 */
	readonly scope: object;
}

/** What an adapter package exports for one port: opens the backend at a URL. */
export type OpenPort<Port> = (url: string, options: AdapterOptions) => Port | Promise<Port>;
