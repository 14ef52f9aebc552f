import { isServiceError } from "@allium/core";
import { type BackendChoice, type Config, type Environment, maskUrl } from "@allium/node";
import type { Words } from "../command/command.ts";
import { configOf } from "../discovery/directory.ts";
import { type Examined, ok, wrong } from "./finding.ts";

/** Examines the settings in the environment and the options. */
export function examineConfiguration(words: Words, env: Environment): Examined<Config> {
	try {
		const config = configOf(words, env);
		const { registry } = config.backends;
		const tls = config.tls?.cert === undefined ? "no TLS" : "TLS";
		const says = `namespace ${config.namespace}, ${named(registry)}, ${tls}`;
		return { findings: [ok(says)], value: config };
	} catch (error) {
		if (!isServiceError(error)) throw error;
		return { findings: [wrong(error.message, "set the variable or option that the sentence names")] };
	}
}

/** The URL of the registry. One that is named for all backends need not be the registry's: its adapter may have none. */
function named({ url, source, otherwise }: BackendChoice): string {
	const shown = maskUrl(url);
	return otherwise === undefined ? `registry ${shown} (${source})` : `${source} ${shown}`;
}
