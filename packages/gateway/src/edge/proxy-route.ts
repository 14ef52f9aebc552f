import { ServiceError } from "@allium/core";
import { isOwnPath } from "@allium/core/http";
import { ProxiedService, type ServiceSource } from "./proxied-service.ts";
import { ProxyTarget } from "./proxy-target.ts";

/** A path of the gateway, and the target of requests below it: one URL, or the instances of a service in turn. */
export class ProxyRoute {
	/** `/app`, without a slash at its end. */
	readonly prefix: string;
	/** The target for people: `http://127.0.0.1:3000/` or `service:payments`. */
	readonly shown: string;
	/** The service; undefined for a route to one URL. */
	readonly #service: ProxiedService | undefined;
	/** The path at the instances of a service, as the route has it. */
	readonly #path: string;
	/** The targets by their addresses. A route to one URL has one. */
	readonly #targets = new Map<string, ProxyTarget>();

	/**
	 * @param to A URL, or a service as `service:payments`. Without a path after it, the path of a request stays as it is.
	 * A path, even `/`, takes the place of the prefix.
	 * @throws ServiceError `failed_precondition` when the path or the URL is malformed, or the path is the gateway's own.
	 */
	constructor(path: string, to: string) {
		const isPath = /^\/[^?#]*[^/?#]\/*$/.test(path);
		const [, service, base = ""] = /^service:([A-Za-z0-9._-]+)(\/[^?#]*)?$/.exec(to) ?? [];
		const url = URL.parse(to);
		const isUrl = url !== null && /^https?:$/.test(url.protocol) && url.search === "";
		if (!isPath || !(isUrl || service !== undefined)) {
			throw refusal(
				`proxy takes a path and a URL, such as "/app": "http://127.0.0.1:3000", or a service, such as "/pay": "service:payments", and got ${JSON.stringify(path)}: ${JSON.stringify(to)}`,
			);
		}
		if (isOwnPath(path)) {
			throw refusal(
				`proxy cannot take ${path}: /-/…, /healthz, /readyz and /metrics are paths of the gateway itself`,
			);
		}
		this.prefix = path.replace(/\/+$/, "");
		this.#path = base;
		this.#service = service === undefined ? undefined : new ProxiedService(service);
		this.shown = service === undefined ? (url?.href ?? to) : to;
		if (service === undefined) this.#targets.set("", new ProxyTarget(this.prefix, to));
	}

	/** Begins to look for the instances of a service. */
	open(source: ServiceSource): void {
		this.#service?.open(source);
	}

	/** Whether a path belongs to this route. */
	has(path: string): boolean {
		return path === this.prefix || path.startsWith(`${this.prefix}/`);
	}

	/** The target of the next request. Undefined when no instance of the service is up. */
	next(): ProxyTarget | undefined {
		const service = this.#service;
		if (service === undefined) return this.#targets.get("");
		const url = service.next();
		return url && this.#targetAt(url, service);
	}

	/** Ends all connections. */
	close(): void {
		this.#service?.close();
		for (const target of this.#targets.values()) target.close();
	}

	#targetAt(url: URL, service: ProxiedService): ProxyTarget {
		const known = this.#targets.get(url.origin);
		if (known !== undefined) return known;
		for (const [origin, target] of this.#targets) if (!service.has(origin)) this.#forget(origin, target);
		const made = new ProxyTarget(this.prefix, url.origin + this.#path, () => service.failed(url));
		this.#targets.set(url.origin, made);
		return made;
	}

	/** Requests in progress at an instance that has left continue. */
	#forget(origin: string, target: ProxyTarget): void {
		this.#targets.delete(origin);
		target.rest();
	}
}

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", reason: "invalid_configuration", message });
}
