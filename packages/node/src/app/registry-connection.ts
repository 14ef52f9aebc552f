import type { Registry } from "@allium/core";
import { openRegistry } from "../config/adapters.ts";
import { type Config, maskUrl } from "../config/config.ts";
import { DeferredRegistry } from "../config/deferred-registry.ts";
import type { Part } from "./part.ts";
import type { ProcessOptions } from "./process-options.ts";

/** The registry of a process: one that was given and stays open, or one that is opened and closed with the process. */
export class RegistryConnection implements Part {
	readonly name: string = "the registry";
	readonly registry: Registry;
	readonly #config: Config;

	constructor({ registry, adapters }: ProcessOptions, config: Config) {
		this.#config = config;
		this.registry =
			typeof registry === "object"
				? registry
				: new DeferredRegistry(() => openRegistry(config.registry, adapters));
	}

	/** Where it is, for people, without secrets. */
	get location(): string {
		return this.registry.location ?? maskUrl(this.#config.registry);
	}

	async start(): Promise<void> {
		if (this.registry instanceof DeferredRegistry) await this.registry.opened();
	}

	async stop(): Promise<void> {
		if (this.registry instanceof DeferredRegistry) await this.registry.close();
	}
}
