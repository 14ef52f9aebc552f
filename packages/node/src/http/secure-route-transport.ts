import type { Routes } from "@allium/core";
import { routeTransport } from "@allium/core/http";
import type { Dialer, Peer } from "@allium/core/transport";
import type { Agent } from "undici";
import { TlsDialer } from "../tls/tls-dialer.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { tlsConnector } from "./tls-connector.ts";

/** How long connecting may take, in milliseconds. */
const connectTimeoutMs = 5_000;

/**
 * As `routeTransport`, over `https:` with the certificate of this process. It trusts the authorities that Node trusts
 * and the authorities of the options, because a plain web service may be public or internal.
 *
 * @throws ServiceError `failed_precondition` when the files of a certificate cannot be used.
 */
export function secureRouteTransport(routes: Routes, options: TlsOptions): Dialer {
	const dialer = new TlsDialer(options, undefined, true);
	return {
		...routeTransport(routes, { scheme: "https" }),
		dial: (address, { identity } = {}) => new SecureRoutes(routes, address, dialer, identity).peer,
	};
}

/** The way to one address. */
class SecureRoutes {
	readonly peer: Peer;
	readonly #dialer: TlsDialer;
	readonly #identity: string | undefined;
	/** The library is loaded with the first call, because most processes only serve HTTP. */
	#opening: Promise<{ readonly undici: typeof import("undici"); readonly agent: Agent }> | undefined;

	constructor(routes: Routes, address: string, dialer: TlsDialer, identity: string | undefined) {
		this.#dialer = dialer;
		this.#identity = identity;
		const peer = routeTransport(routes, {
			scheme: "https",
			fetch: async (url, request) => {
				this.#opening ??= this.#open();
				const { undici, agent } = await this.#opening;
				return undici.fetch(url, { ...request, dispatcher: agent });
			},
		}).dial(address);
		this.peer = {
			endpoint: (method) => peer.endpoint(method),
			close: async () => {
				await peer.close();
				await (await this.#opening)?.agent.destroy();
			},
		};
	}

	async #open() {
		const undici = await import("undici");
		const connect = tlsConnector(
			({ hostname, port }) =>
				this.#dialer.dial(
					hostname.replace(/^\[|\]$/g, ""),
					port === "" ? 443 : Number(port),
					"http/1.1",
					this.#identity,
				),
			connectTimeoutMs,
		);
		return { undici, agent: new undici.Agent({ connect, allowH2: false }) };
	}
}
