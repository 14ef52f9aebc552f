import { ServiceError } from "@allium/core";
import { isOwnPath } from "@allium/core/http";
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
	/** The path that replaces the prefix. */
	readonly #base: string;

	/**
	 * @param url A URL without a path keeps the path of a request as it is. A URL with a path, even `/`, puts that
	 * path in place of the prefix.
	 * @throws ServiceError `failed_precondition` when the path or the URL is malformed, or the path is the gateway's own.
	 */
	constructor(path: string, url: string) {
		const parsed = URL.parse(url);
		const isPath = /^\/[^?#]*[^/?#]\/*$/.test(path);
		if (!isPath || parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.search !== "") {
			throw refusal(
				`proxy takes a path and a URL, such as "/app": "http://127.0.0.1:3000", and got ${JSON.stringify(path)}: ${JSON.stringify(url)}`,
			);
		}
		if (isOwnPath(path)) {
			throw refusal(
				`proxy cannot take ${path}: /-/…, /healthz, /readyz and /metrics are paths of the gateway itself`,
			);
		}
		this.prefix = path.replace(/\/+$/, "");
		this.url = parsed;
		this.kept = connectionsOver(parsed.protocol, true);
		this.fresh = connectionsOver(parsed.protocol, false);
		const hasPath = !/^https?:\/\/[^/]*$/.test(url);
		this.#base = hasPath ? parsed.pathname.replace(/\/+$/, "") : this.prefix;
	}

	/** Whether a path belongs to this web service. */
	has(path: string): boolean {
		return path === this.prefix || path.startsWith(`${this.prefix}/`);
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

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", reason: "invalid_configuration", message });
}
