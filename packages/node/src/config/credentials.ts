import { ServiceError } from "@allium/core";
import type { Environment } from "./environment.ts";

/**
 * The metadata that a process sends to guards which ask for it before a service describes itself, such as `{
 * authorization: "Bearer …" }`. It is sent to every instance that the registry names, and never printed.
 */
export type Credentials = Readonly<Record<string, string>>;

const form =
	"name=value, such as authorization=Bearer followed by a token; several stand on lines of their own";

/**
 * Reads the credentials of a process from `ALLIUM_CREDENTIALS`.
 *
 * @throws ServiceError `failed_precondition` that names the correct form and does not repeat the given text.
 */
export function readCredentials(env: Environment): Credentials {
	const lines = (env.ALLIUM_CREDENTIALS ?? "").split(/\r?\n/).filter((line) => line.trim() !== "");
	return parseCredentials(lines, "ALLIUM_CREDENTIALS");
}

/**
 * Reads credentials that are each written `name=value`.
 *
 * @param where the variable or option that holds them, for the error.
 * @throws ServiceError `failed_precondition` that names the correct form and does not repeat the given text.
 */
export function parseCredentials(texts: readonly string[], where: string): Credentials {
	const entries = texts.map((text): [string, string] => {
		const [, name, value] = /^\s*([A-Za-z0-9._-]+)\s*=\s*([\x20-\x7e]+?)\s*$/.exec(text) ?? [];
		if (name !== undefined && value !== undefined) return [name.toLowerCase(), value];
		// The text is a secret even if it is malformed, so the error does not repeat it.
		throw new ServiceError({
			code: "failed_precondition",
			reason: "invalid_configuration",
			message: `${where} takes ${form}`,
		});
	});
	return Object.fromEntries(entries);
}
