import { ServiceError } from "@allium/core";
import { isOwnPath } from "@allium/core/http";
import { type Connections, PlainConnections, SecureConnections } from "./connections.ts";

/** A web service, and the path below which it appears. */
export class ProxyTarget {
	/** `/app`, without a slash at its end. */
	readonly prefix: string;
	readonly url: URL;
	/** Connections that are kept for the next request. */
	readonly kept: Connections;
	/** Connections that are made for one request. */
	readonly fresh: Connections;
	/** The headers that it was said to answer with twice, though they may stand only once. */
	readonly saidTwice: Set<string> = new Set<string>();
	/** What stands in place of the prefix. */
	readonly #base: string;

	/**
	 * @param url one without a path keeps the path of a request as it is; one with a path, be it `/`, puts that in
	 * place of the prefix.
	 * @throws ServiceError `failed_precondition` when the path or the URL is none, or the path is the server's own.
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
		const Kind = parsed.protocol === "https:" ? SecureConnections : PlainConnections;
		this.kept = new Kind({ keepAlive: true });
		this.fresh = new Kind({ keepAlive: false });
		const hasPath = !/^https?:\/\/[^/]*$/.test(url);
		this.#base = hasPath ? parsed.pathname.replace(/\/+$/, "") : this.prefix;
	}

	/** Whether a path is of this web service. */
	has(path: string): boolean {
		return path === this.prefix || path.startsWith(`${this.prefix}/`);
	}

	/** Ends all connections. */
	close(): void {
		this.kept.destroy();
		this.fresh.destroy();
	}

	/** The path and query at the web service for those of a request; asked for nothing more, that of its root. */
	pathFor(requested: string): string {
		const path = this.#base + requested.slice(this.prefix.length);
		return path.startsWith("/") ? path : `/${path}`;
	}
}

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", reason: "invalid_configuration", message });
}
