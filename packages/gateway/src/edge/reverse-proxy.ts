import type { Socket } from "node:net";
import type { Logger } from "@allium/core";
import type { HttpRequest, HttpResponse } from "@allium/node";
import { errorWithStatus, give } from "./answer.ts";
import { ProxiedRequest } from "./proxied-request.ts";
import type { ServiceSource } from "./proxied-service.ts";
import { proxiedHeaders } from "./proxy-headers.ts";
import { ProxyRoute } from "./proxy-route.ts";
import { Tunnel } from "./tunnel.ts";

/** Passes requests below some paths on to web services, including WebSockets, and streams in both directions. */
export class ReverseProxy {
	/** The longest prefix first. */
	readonly #routes: readonly ProxyRoute[];
	readonly #tunnels = new Set<Tunnel>();
	readonly #logger: Logger;
	#inFlight = 0;
	readonly #idle = Promise.withResolvers<void>();
	#draining = false;

	/**
	 * @param routes URLs and services by path prefix.
	 * @throws ServiceError `failed_precondition` when a path or a URL is malformed, or a path is the gateway's own.
	 */
	constructor(routes: Readonly<Record<string, string>>, logger: Logger) {
		this.#logger = logger;
		this.#routes = Object.entries(routes)
			.map(([path, to]) => new ProxyRoute(path, to))
			.sort((one, other) => other.prefix.length - one.prefix.length);
	}

	/** The prefixes and their targets, for people. */
	get routes(): readonly { path: string; url: string }[] {
		return this.#routes.map(({ prefix, shown }) => ({ path: prefix, url: shown }));
	}

	/** Begins to look for the services that requests go to. */
	open(source: Omit<ServiceSource, "logger">): void {
		for (const route of this.#routes) route.open({ ...source, logger: this.#logger });
	}

	/** Whether requests to a path go to a web service. */
	has(path: string): boolean {
		return this.#find(path) !== undefined;
	}

	/** Passes a request on. */
	forward(request: HttpRequest, response: HttpResponse): void {
		const { path, upgradeSocket } = request;
		const route = this.#find(path);
		if (route === undefined) return;
		if (leaves(path)) {
			give(request, response, errorWithStatus(400, "invalid_argument", "the path may not have .. in it"));
			return;
		}
		const target = route.next();
		if (target === undefined) {
			const message = `no instance of ${route.shown} is up`;
			give(request, response, errorWithStatus(503, "unavailable", message));
			return;
		}
		this.#inFlight++;
		let isUnderWay = true;
		const ended = (): void => {
			if (!isUnderWay) return;
			isUnderWay = false;
			this.#inFlight--;
			this.#check();
		};
		response.onClose(ended);
		const headers = proxiedHeaders(request, target.url);
		if (upgradeSocket !== undefined) Object.assign(headers, { connection: "Upgrade", upgrade: "websocket" });
		const upgraded =
			(client: Socket) =>
			(service: Socket): void => {
				ended();
				this.#open(client, service);
			};
		new ProxiedRequest(request, response, {
			target,
			elsewhere: () => route.next(),
			headers,
			logger: this.#logger,
			isLast: () => this.#draining,
			upgraded: upgradeSocket && upgraded(upgradeSocket),
		}).begin();
	}

	/**
	 * Resolves when no request is in progress. WebSockets stay open until `close`, because the gateway cannot tell when
	 * they are over.
	 */
	drain(): Promise<void> {
		this.#draining = true;
		this.#check();
		return this.#idle.promise;
	}

	/** Ends the connections to the web services. */
	close(): void {
		for (const tunnel of this.#tunnels) tunnel.close();
		for (const route of this.#routes) route.close();
	}

	#find(path: string): ProxyRoute | undefined {
		return this.#routes.find((route) => route.has(path));
	}

	#open(client: Socket, service: Socket): void {
		const tunnel: Tunnel = new Tunnel(client, service, () => this.#tunnels.delete(tunnel));
		this.#tunnels.add(tunnel);
	}

	#check(): void {
		if (this.#draining && this.#inFlight === 0) this.#idle.resolve();
	}
}

/** Whether a path has a step upwards, by which it could leave the prefix at the web service. */
function leaves(path: string): boolean {
	return path.split(/[/\\]|%2f|%5c/i).some((segment) => segment.replace(/%2e/gi, ".") === "..");
}
