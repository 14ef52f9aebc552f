import type { Socket } from "node:net";
import type { Logger } from "@allium/core";
import type { HttpRequest, HttpResponse } from "@allium/node";
import { errorWithStatus, give } from "./answer.ts";
import { ProxiedRequest } from "./proxied-request.ts";
import { proxiedHeaders } from "./proxy-headers.ts";
import { ProxyTarget } from "./proxy-target.ts";
import { Tunnel } from "./tunnel.ts";

/** Passes requests below some paths on to web services, including WebSockets, and streams in both directions. */
export class ReverseProxy {
	/** The longest prefix first. */
	readonly #targets: readonly ProxyTarget[];
	readonly #tunnels = new Set<Tunnel>();
	readonly #logger: Logger;
	#inFlight = 0;
	readonly #idle = Promise.withResolvers<void>();
	#draining = false;

	/**
	 * @param routes URLs by path prefix.
	 * @throws ServiceError `failed_precondition` when a path or a URL is malformed, or a path is the gateway's own.
	 */
	constructor(routes: Readonly<Record<string, string>>, logger: Logger) {
		this.#logger = logger;
		this.#targets = Object.entries(routes)
			.map(([path, url]) => new ProxyTarget(path, url))
			.sort((one, other) => other.prefix.length - one.prefix.length);
	}

	/** The prefixes and their targets, for people. */
	get routes(): readonly { path: string; url: string }[] {
		return this.#targets.map(({ prefix, url }) => ({ path: prefix, url: url.href }));
	}

	/** Whether requests to a path go to a web service. */
	has(path: string): boolean {
		return this.#find(path) !== undefined;
	}

	/** Passes a request on. */
	forward(request: HttpRequest, response: HttpResponse): void {
		const { path, upgradeSocket } = request;
		const target = this.#find(path);
		if (target === undefined) return;
		if (leaves(path)) {
			give(request, response, errorWithStatus(400, "invalid_argument", "the path may not have .. in it"));
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
			headers,
			logger: this.#logger,
			isLast: () => this.#draining,
			upgraded: upgradeSocket && upgraded(upgradeSocket),
		}).begin();
	}

	/**
	 * Resolves when no request is under way. WebSockets stay open until `close`, because nobody can tell when they are
	 * over.
	 */
	drain(): Promise<void> {
		this.#draining = true;
		this.#check();
		return this.#idle.promise;
	}

	/** Ends the connections to the web services. */
	close(): void {
		for (const tunnel of this.#tunnels) tunnel.close();
		for (const target of this.#targets) target.close();
	}

	#find(path: string): ProxyTarget | undefined {
		return this.#targets.find((target) => target.has(path));
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
