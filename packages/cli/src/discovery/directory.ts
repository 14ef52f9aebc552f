import { Context, type Instance, type Registry } from "@allium/core";
import { type Config, type Environment, maskUrl, openRegistry, readConfig } from "@allium/node";
import type { Surroundings, Words } from "../command/command.ts";
import { commandName } from "./credentials.ts";

/** How long the registry may take to answer, in milliseconds. */
const patienceMs = 5_000;

/** The registry for the commands: the instances that are up in the namespace. */
export class Directory {
	readonly registry: Registry;
	readonly namespace: string;
	/** The URL of the registry, without secrets. */
	readonly url: string;

	constructor(registry: Registry, config: Config) {
		this.registry = registry;
		this.namespace = config.namespace;
		this.url = registry.location ?? maskUrl(config.backends.registry.url);
	}

	/** Opens the registry that the options or the environment name. */
	static async open(words: Words, { env, cwd, adapters }: Surroundings): Promise<Directory> {
		const config = configOf(words, env);
		const { backends, namespace } = config;
		return new Directory(await openRegistry(backends.registry, { adapters, namespace, cwd }), config);
	}

	/** The instances of the namespace, of one service or of all, the oldest first. */
	async instances(service?: string): Promise<Instance[]> {
		const filter = { namespace: this.namespace, ...(service !== undefined && { service }) };
		const { ctx, cancel } = Context.background().withTimeout(patienceMs).withCancel();
		try {
			const found = await this.registry.list(filter, ctx);
			return found.sort((one, other) => one.startedAt.localeCompare(other.startedAt));
		} finally {
			cancel();
		}
	}

	close(): Promise<void> {
		return this.registry.close();
	}
}

/** The options whose names differ from the settings. */
const named: Readonly<Record<string, string>> = { eventStore: "store", viewStore: "views" };

/** Reads the configuration. Options such as `--broker` and `--namespace` win over the environment. */
export function configOf(words: Words, env: Environment): Config {
	const given = {
		name: commandName,
		registry: words.value("registry"),
		broker: words.value("broker"),
		eventStore: words.value("store"),
		viewStore: words.value("views"),
		namespace: words.value("namespace"),
	};
	return readConfig(env, given, (option) => `--${named[option] ?? option}`);
}
