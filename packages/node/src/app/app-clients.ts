import {
	type AnyContract,
	type Client,
	clientDefaults,
	createClient,
	type Logger,
	type Registry,
	type Routes,
	toServiceError,
} from "@allium/core";
import { routeTransport } from "@allium/core/http";
import { type Dialer, PeerPool } from "@allium/core/transport";
import type { Config } from "../config/config.ts";
import { secureRouteTransport } from "../http/secure-route-transport.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import type { AppClientOptions } from "./app-type.ts";
import type { ContractCheck } from "./contract-check.ts";
import type { LifeWatch } from "./life-watch.ts";
import type { MissingContextWatch } from "./missing-context.ts";
import type { Part } from "./part.ts";

/** The options that all clients of an app share. */
export interface AppClientsOptions {
	/** The name of the app. */
	readonly name: string;
	readonly config: Config;
	readonly registry: Registry;
	readonly peers: PeerPool;
	readonly logger: Logger;
	readonly contractCheck: ContractCheck;
	readonly contextWatch: MissingContextWatch | undefined;
	readonly lifeWatch: LifeWatch | undefined;
}

/** The clients of an app, which are closed with it. */
export class AppClients implements Part {
	readonly name: string = "the clients";
	readonly #options: AppClientsOptions;
	/** The clients that are open. */
	readonly #open = new Set<AsyncDisposable>();
	#isClosed = false;

	constructor(options: AppClientsOptions) {
		this.#options = options;
	}

	/**
	 * Makes a client.
	 *
	 * @throws TypeError for an address that cannot be called, and when the app has stopped.
	 */
	make<C extends AnyContract>(contract: C, { url, routes, ...layers }: AppClientOptions): Client<C> {
		const { name, config, registry, logger, contractCheck, contextWatch, lifeWatch } = this.#options;
		if (this.#isClosed) throw new TypeError(`client() comes before stop(); ${name} has stopped`);
		const peers = routes === undefined ? this.#options.peers : new PeerPool(routeDialers(routes, config.tls));
		if (url !== undefined) checkAddresses(contract, url, peers);
		lifeWatch?.calls();
		const client: Client<C> = createClient(contract, {
			...(url === undefined ? { registry, namespace: config.namespace } : { url }),
			waitForReady: config.waitForReady,
			peers,
			logger,
			// A plain web service does not describe itself.
			...(routes === undefined && { onDescribed: contractCheck.forClient(contract) }),
			...(contextWatch !== undefined && { onMissingContext: contextWatch.report }),
			...layers,
			...(lifeWatch !== undefined && {
				middleware: [lifeWatch.middleware, ...(layers.middleware ?? clientDefaults().middleware)],
			}),
			onClose: () => this.#open.delete(client),
		});
		this.#open.add(client);
		return client;
	}

	async stop(): Promise<void> {
		this.#isClosed = true;
		const closing = Array.from(this.#open, (client) => client[Symbol.asyncDispose]());
		await Promise.allSettled(closing);
		// This rejects with the first failure, now that all are over.
		await Promise.all(closing);
	}
}

/** The ways to plain web services. */
function routeDialers(routes: Routes, tls: TlsOptions | undefined): Dialer[] {
	return [
		routeTransport(routes),
		tls === undefined ? routeTransport(routes, { scheme: "https" }) : secureRouteTransport(routes, tls),
	];
}

/** @throws TypeError for an address that cannot be called. */
function checkAddresses(contract: AnyContract, url: string | readonly string[], peers: PeerPool): void {
	const urls = typeof url === "string" ? [url] : url;
	const { name } = contract["~allium"];
	if (urls.length === 0) throw new TypeError(`client() of ${name} got no address in its option "url"`);
	for (const address of urls) {
		try {
			void peers.share([address]).release();
		} catch (error) {
			throw new TypeError(
				`client() of ${name} cannot call ${JSON.stringify(address)}: ${toServiceError(error).message}`,
			);
		}
	}
}
