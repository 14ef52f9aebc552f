import type { EndpointTable, Logger, Registry } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import type { Config } from "../config/config.ts";
import { cors } from "../http/cors.ts";
import { acceptFrames } from "../pipe/accept-frames.ts";
import type { PortProtocol, Readiness } from "../protocol/port-protocol.ts";
import { listen } from "../server/server.ts";
import type { AppOptions } from "./app-type.ts";
import { warnOfOpenPort } from "./open-port.ts";
import { reachableHost } from "./reachable-host.ts";

/** The parts of an app that its port needs. */
export interface AppPortOptions {
	readonly options: AppOptions;
	readonly config: Config;
	readonly logger: Logger;
	readonly registry: Registry;
	/** The app's own protocols, in addition to the protocols that its options name. */
	readonly protocols: () => readonly PortProtocol[];
	readonly readiness: () => Promise<Readiness>;
}

/** The one port of an app, on which it speaks all its protocols. */
export class AppPort {
	readonly #options: AppPortOptions;

	constructor(options: AppPortOptions) {
		this.#options = options;
	}

	/**
	 * The interface to listen on. It is known once the registry is open, because it depends on whether the registry spans
	 * hosts.
	 */
	get host(): string {
		const { config, registry } = this.#options;
		return config.host ?? (registry.spansHosts === true ? "0.0.0.0" : "127.0.0.1");
	}

	listen(endpoints: EndpointTable): Promise<Listener> {
		const { options, config, logger, protocols, readiness } = this.#options;
		const { port, advertise, hosts, tls, proxyProtocol, httpReader } = config;
		const { name, guard, cors: pages = [], formats, origins = [] } = options;
		const { frames: frameLimits, ...limits } = options.limits ?? {};
		const { host } = this;
		const reached = advertise ?? reachableHost(host);
		return listen(endpoints, {
			host,
			port,
			hosts,
			onListening: warnOfOpenPort({ name, tls, guard, logger }),
			acceptFrames: acceptFrames({ formats, limits: frameLimits }),
			webSockets: {
				origins: [...pages, ...origins],
				formats,
				limits: frameLimits,
			},
			...(pages.length > 0 && { http: cors(pages) }),
			protocols: [...protocols(), ...(options.protocols ?? [])],
			limits,
			tls,
			proxyProtocol,
			httpReader,
			ready: readiness,
			metrics: options.metrics,
			logger,
			...(reached !== undefined && { advertise: reached }),
		});
	}
}
