import { isIP } from "node:net";
import { relative, resolve } from "node:path";
import { readConfig } from "@allium/node";
import type { Surroundings, Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { numberOption } from "../command/option-values.ts";
import { AuthorityFolder } from "./authority-folder.ts";

const defaultFolder = "tls";

/** A hundred years. */
const mostDays = 36_500;

/** The folder of the authority: the given one, that of `ALLIUM_TLS`, or `tls` in the current folder. */
export function authorityFolder(given: string | undefined, { env, cwd }: Surroundings): AuthorityFolder {
	const named = given ?? (env.ALLIUM_TLS || defaultFolder);
	const path = resolve(cwd, named);
	return new AuthorityFolder(path, shownPath(path, cwd));
}

/** A path for people: relative to the current folder if it lies below that. */
export function shownPath(path: string, cwd: string): string {
	const short = relative(cwd, path);
	return short === "" || short.startsWith("..") ? path : short;
}

/** The number of days that `--days` gives. */
export function daysOf(words: Words, byDefault: number): number {
	return numberOption(words, "days", "whole", mostDays) ?? byDefault;
}

/** The namespace that `--namespace` or the environment names. */
export function namespaceOf(words: Words, { env }: Surroundings): string {
	// Leaves out the variables of certificates, because the command may be about to make these.
	const { ALLIUM_NAMESPACE } = env;
	return readConfig({ ALLIUM_NAMESPACE }, { namespace: words.value("namespace") }, (option) => `--${option}`)
		.namespace;
}

/** Checks the name of an app, which is used unchanged as a folder and in URIs. */
export function checkApp(app: string): string {
	if (/^[A-Za-z0-9._-]{1,64}$/.test(app) && !/^\.+$/.test(app)) return app;
	throw usageError(
		`${JSON.stringify(app)} is no name of an app that a certificate can have: it takes up to 64 letters, digits, ".", "_" and "-".`,
	);
}

export function checkHost(host: string): string {
	const name = host.replace(/^\[|\]$/g, "");
	if (isIP(name) !== 0 || /^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(host)) return name;
	throw usageError(
		`--host takes a host name or an address without scheme and port, such as shop.internal or 10.0.0.7, not ${JSON.stringify(host)}.`,
	);
}
