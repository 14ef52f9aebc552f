import type { Logger } from "../logger/logger.ts";

/**
 * The options that an adapter receives in addition to the URL of its backend. An adapter that is called directly has
 * defaults for all of them.
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

/** The function that an adapter package exports for one port. It opens the backend at a URL. */
export type OpenPort<Port> = (url: string, options: AdapterOptions) => Port | Promise<Port>;
