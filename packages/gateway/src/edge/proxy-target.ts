import { type Connections, connectionsOver } from "./connections.ts";

/** A web service, and the path under which it appears. */
export class ProxyTarget {
	/** `/app`, without a slash at its end. */
	readonly prefix: string;
	readonly url: URL;
	/** Connections that are kept for the next request. */
	readonly kept: Connections;
	/** Connections that are made for one request. */
	readonly fresh: Connections;
	/** The headers that it has repeated although they may occur only once, and that have been logged. */
	readonly repeatedHeaders: Set<string> = new Set<string>();
	/** Called when it could not be reached. */
	readonly unreachable: () => void;
	/** The path that replaces the prefix. */
	readonly #base: string;

	/**
	 * @param url A URL without a path keeps the path of a request as it is. A URL with a path, even `/`, puts that
	 * path in place of the prefix.
	 */
	constructor(prefix: string, url: string, unreachable: () => void = () => {}) {
		this.prefix = prefix;
		this.url = new URL(url);
		this.unreachable = unreachable;
		this.kept = connectionsOver(this.url.protocol, true);
		this.fresh = connectionsOver(this.url.protocol, false);
		const hasPath = !/^https?:\/\/[^/]*$/.test(url);
		this.#base = hasPath ? this.url.pathname.replace(/\/+$/, "") : this.prefix;
	}

	/** Ends the connections that no request uses. */
	rest(): void {
		for (const socket of Object.values(this.kept.freeSockets).flat()) socket?.destroy();
	}

	/** Ends all connections. */
	close(): void {
		this.kept.destroy();
		this.fresh.destroy();
	}

	/** The path and query at the web service for the path and query of a request. */
	pathFor(requested: string): string {
		const path = this.#base + requested.slice(this.prefix.length);
		return path.startsWith("/") ? path : `/${path}`;
	}
}
