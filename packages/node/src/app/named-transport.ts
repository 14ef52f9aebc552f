import type { Logger } from "@allium/core";
import type { Transport } from "@allium/core/transport";
import { adapterNameOf } from "../config/adapters.ts";
import type { Backends } from "../config/backend.ts";
import type { Adapters } from "../config/backends.ts";
import { builtIn } from "../config/built-in.ts";
import type { Config } from "../config/config.ts";
import { DeferredTransport } from "../config/deferred-transport.ts";
import { type CallOptions, openBackend } from "../config/open-backend.ts";
import { Opening } from "../config/opening.ts";
import type { Part } from "./part.ts";

/** Options of {@link NamedTransport}. */
export interface NamedTransportOptions {
	readonly adapters: Adapters | undefined;
	readonly config: Config;
	readonly logger: Logger;
	/** How its calls are carried. Default: in JSON, within the default limits. */
	readonly calls?: CallOptions;
	/** The process: its connections share what their adapters can share. */
	readonly scope: object;
}

/**
 * The row of a transport in the table of backends. It is apart because a process has such a transport only if a URL
 * names one.
 */
const row: Backends<{ readonly transport: Transport }> = {
	transport: {
		variable: "ALLIUM_TRANSPORT",
		binding: "allium-transport",
		default: "nats://127.0.0.1:4222",
		defer: (opening) => new DeferredTransport("nats", opening),
	},
};

/**
 * The transport of a process that a URL names, in addition to the transports of Node. Its package is loaded when the
 * process starts.
 */
export class NamedTransport implements Part {
	readonly name: string = "the transport";
	/** The transport, which can be used at once. Empty if no URL names one. */
	readonly transports: readonly Transport[];
	readonly #opening: Opening<Transport> | undefined;

	constructor({ adapters = {}, config, logger, calls = {}, scope }: NamedTransportOptions) {
		const { transport: choice, namespace } = config;
		if (choice === undefined) {
			this.transports = [];
			return;
		}
		const using = { adapters, builtIn, namespace, cwd: process.cwd(), logger, scope, calls };
		this.#opening = new Opening(
			"transport",
			() => openBackend(row, "transport", choice, using),
			// The transport itself needs no closing: the parts that dial and listen close their peers and listeners.
			async () => {},
		);
		this.transports = [new DeferredTransport(adapterNameOf(choice.url), this.#opening)];
	}

	async start(): Promise<void> {
		await this.#opening?.opened();
	}

	async stop(): Promise<void> {
		await this.#opening?.close();
	}
}
