import type { Logger } from "../logger/logger.ts";

/** What an adapter is given beside the URL of its backend. An adapter that is called by hand has defaults for all of it. */
export interface AdapterOptions {
	/** The namespace of the process. A backend that is shared by several keeps their keys apart by it. */
	readonly namespace: string;
	/** The folder where relative paths of the URL begin. */
	readonly cwd: string;
	readonly logger: Logger;
	/** The process that opens the backend: what has the same scope may share connections, by {@link SharedResource}. */
	readonly scope: object;
}

/** What an adapter package exports for one port: opens the backend at a URL. */
export type OpenPort<Port> = (url: string, options: AdapterOptions) => Port | Promise<Port>;
