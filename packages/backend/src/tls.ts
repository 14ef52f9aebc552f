import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { errorText } from "@allium/core";
import { refusal } from "@allium/core/adapter";

/** The authorities and the certificate for the connection to a backend's server, as PEM text. */
export interface BackendTls {
	/** The authorities that may have issued the certificate of the server. Default: those that Node trusts. */
	readonly ca?: string;
	/** The certificate of this process. Default: none. */
	readonly cert?: string;
	/** The private key of the certificate. */
	readonly key?: string;
	/** The name that the certificate of the server must have. Default: the host of the URL. */
	readonly serverName?: string;
}

/** The options of a URL that {@link readTls} reads. */
export const tlsOptions: readonly string[] = ["ca", "cert", "key", "serverName"];

/**
 * Reads the files that the options of a URL name.
 *
 * @throws ServiceError `failed_precondition` that names the file that cannot be read.
 */
export async function readTls(options: ReadonlyMap<string, string>, cwd: string): Promise<BackendTls> {
	const files = ["ca", "cert", "key"].filter((option) => options.has(option));
	const read = files.map(async (option) => [option, await pem(option, options.get(option) ?? "", cwd)]);
	const serverName = options.get("serverName");
	return { ...Object.fromEntries(await Promise.all(read)), ...(serverName !== undefined && { serverName }) };
}

/** The same in the form that Node takes. */
export function tlsConnection({ serverName, ...files }: BackendTls): ConnectionOptions {
	const name = serverName === undefined ? {} : { servername: serverName };
	// Set explicitly, so that the environment of the process cannot switch the check off.
	return { ...files, ...name, rejectUnauthorized: true };
}

async function pem(option: string, path: string, cwd: string): Promise<string> {
	try {
		return await readFile(resolve(cwd, path), "utf8");
	} catch (error) {
		throw refusal(`the file of ${option}=${path} cannot be read: ${errorText(error)}`, error);
	}
}
