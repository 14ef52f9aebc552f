import { existsSync } from "node:fs";
import { join } from "node:path";
import { ServiceError } from "@allium/core";
import type { TlsOptions } from "./tls-options.ts";

/** The names of the three files: as `allium tls` makes them, and as a Secret of Kubernetes has them. */
const names = [
	{ ca: "ca.pem", cert: "cert.pem", key: "key.pem" },
	{ ca: "ca.crt", cert: "tls.crt", key: "tls.key" },
] as const;

/**
 * Mutual TLS by one folder, with `ca.pem`, `cert.pem` and `key.pem`, or `ca.crt`, `tls.crt` and `tls.key`: both sides of
 * a connection prove which app they are. `ALLIUM_TLS` names such a folder. The files of an app may lie in a folder below
 * it that has the name of the app, so that the apps of one machine share the variable.
 *
 * @param app the name of the app whose certificate is wanted. Default: the files lie in the folder itself.
 * @throws ServiceError `failed_precondition` when there is no certificate.
 * @example
 * const app = allium({ name: "shop", tls: tlsFolder("/run/secrets/tls") });
 */
export function tlsFolder(folder: string, app?: string): TlsOptions {
	const own =
		app !== undefined && /^[A-Za-z0-9._-]+$/.test(app) && !/^\.+$/.test(app) ? [join(folder, app)] : [];
	for (const place of [...own, folder]) {
		for (const { ca, cert, key } of names) {
			if (!existsSync(join(place, cert))) continue;
			return {
				ca: join(place, ca),
				cert: join(place, cert),
				key: join(place, key),
				serverCertificates: "app",
			};
		}
	}
	throw missing(folder, app);
}

function missing(folder: string, app: string | undefined): ServiceError {
	const whose = app === undefined ? "" : ` for ${app}`;
	const name = app ?? "<app>";
	return new ServiceError({
		code: "failed_precondition",
		reason: "invalid_configuration",
		message: `the folder of ALLIUM_TLS, ${folder}, has no certificate${whose}, such as ${join(name, "cert.pem")} or cert.pem; for development, make one with: allium tls issue ${name} --folder ${folder}`,
	});
}
