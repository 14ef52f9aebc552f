import type { Logger } from "@allium/core";
import { type Adapters, backends, type Ports } from "../config/backends.ts";
import { builtIn } from "../config/built-in.ts";
import type { Config } from "../config/config.ts";
import { maskUrl } from "../config/mask-url.ts";
import { openBackend } from "../config/open-backend.ts";
import { Opening } from "../config/opening.ts";
import type { Part } from "./part.ts";

/** The options of a connection. */
export interface BackendConnectionOptions<Port> {
	/** A port that is open already and stays open; a URL is in the configuration. */
	readonly given: Port | string | undefined;
	readonly adapters: Adapters | undefined;
	readonly config: Config;
	readonly logger: Logger;
	/** The process: its connections share what their adapters can share. */
	readonly scope: object;
	/** Whether the process needs the backend when it starts. Otherwise its first use opens it. Default: yes. */
	readonly isNeeded?: () => boolean;
}

/** A port of a process and its backend, which is opened and closed with the process. */
export class BackendConnection<Name extends keyof Ports> implements Part {
	readonly name: string;
	/** Can be used at once. */
	readonly port: Ports[Name];
	readonly #url: string;
	readonly #isNeeded: () => boolean;
	/** Undefined where the port was given. */
	readonly #opening: Opening<Ports[Name]> | undefined;

	constructor(port: Name, options: BackendConnectionOptions<Ports[Name]>) {
		const { given, adapters = {}, config, logger, scope, isNeeded = () => true } = options;
		const { namespace } = config;
		const choice = config.backends[port];
		const { called = port } = backends[port];
		this.name = `the ${called}`;
		this.#url = choice.url;
		this.#isNeeded = isNeeded;
		if (typeof given === "object") {
			this.port = given;
			return;
		}
		const using = { adapters, builtIn, namespace, cwd: process.cwd(), logger, scope };
		const opening = new Opening(
			called,
			() => openBackend(backends, port, choice, using),
			(open) => open.close(),
		);
		this.#opening = opening;
		this.port = backends[port].defer(opening);
	}

	/** The address of the backend, for people, without secrets. */
	get location(): string {
		return this.port.location ?? maskUrl(this.#url);
	}

	/** Whether the process needs it when it starts. */
	get isNeeded(): boolean {
		return this.#isNeeded();
	}

	async start(): Promise<void> {
		if (this.isNeeded) await this.open();
	}

	/** Opens it, whether it is needed or not: its location is known then. */
	async open(): Promise<void> {
		await this.#opening?.opened();
	}

	async stop(): Promise<void> {
		await this.#opening?.close();
	}
}
