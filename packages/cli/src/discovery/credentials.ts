import { isServiceError } from "@allium/core";
import { type Asking, type Credentials, parseCredentials, readConfig, readCredentials } from "@allium/node";
import type { Surroundings, Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";

/** The name of the command, by which its certificate is found in the folder of `ALLIUM_TLS`. */
export const commandName = "allium";

/** The advice if a guard refuses. */
export const credentialsHint =
	"Its guard wants credentials: give them with --credentials name=value, or in ALLIUM_CREDENTIALS.";

/** How to ask instances about themselves, according to the options and the environment. */
export function askingOf(words: Words, surroundings: Surroundings): Asking {
	const { tls } = readConfig(surroundings.env, { name: commandName });
	return { tls, credentials: credentialsOf(words, surroundings) };
}

/** The credentials for guards: `--credentials`, else `ALLIUM_CREDENTIALS`. */
export function credentialsOf(words: Words, { env }: Pick<Surroundings, "env">): Credentials {
	const given = words.values("credentials");
	if (given.length === 0) return readCredentials(env);
	try {
		return parseCredentials(given, "--credentials");
	} catch (error) {
		throw isServiceError(error) ? usageError(`${error.message}.`) : error;
	}
}
