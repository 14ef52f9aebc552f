import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { appIdentity } from "@allium/core";
import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { authorityFolder, checkApp, checkHost, daysOf, namespaceOf, shownPath } from "./tls-words.ts";

/** A certificate that was issued, for `--json`. */
interface Issued {
	readonly app: string;
	readonly identity: string;
	readonly folder: string;
	readonly validTo: string;
}

/** `allium tls issue <apps…>` */
export const tlsIssue: Run = async (words, surroundings) => {
	const { terminal, cwd } = surroundings;
	const folder = authorityFolder(words.value("folder"), surroundings);
	const namespace = namespaceOf(words, surroundings);
	const apps = words.arguments.map(checkApp);
	const hosts = words.values("host").map(checkHost);
	const days = daysOf(words, 90);
	const authority = folder.open();
	const issued = apps.map((app): Issued => {
		const place = folder.issue(authority, { namespace, app, hosts, days }, words.has("force"));
		const { validTo } = new X509Certificate(readFileSync(join(place, "cert.pem")));
		const identity = appIdentity({ namespace, app });
		return { app, identity, folder: place, validTo: new Date(validTo).toISOString() };
	});
	if (words.has("json")) {
		await terminal.print(JSON.stringify(issued, null, terminal.isInteractive ? 2 : 0));
		return exitCode.ok;
	}
	const { bold } = terminal.styles;
	await terminal.print(
		[
			...issued.map(
				({ identity, folder: place, validTo }) =>
					`Issued ${bold(identity)} in ${shownPath(place, cwd)}, valid until ${validTo.slice(0, 10)}.`,
			),
			"",
			"Where the whole folder is at hand, set it, and each app finds its certificate by its name:",
			"",
			`  export ALLIUM_TLS=${folder.path}`,
			"",
			"Elsewhere copy the folder of the one app, without ca.key, and set ALLIUM_TLS to that.",
		].join("\n"),
	);
	return exitCode.ok;
};
