import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { commandName } from "../discovery/credentials.ts";
import { authorityFolder, daysOf, namespaceOf, shownPath } from "./tls-words.ts";

/** The apps that are part of every system. */
const first = ["gateway", commandName];

const certificateDays = 90;

/** `allium tls init [folder]` */
export const tlsInit: Run = async (words, surroundings) => {
	const { terminal, cwd } = surroundings;
	const [given] = words.arguments;
	const folder = authorityFolder(given, surroundings);
	const days = daysOf(words, 365);
	const namespace = namespaceOf(words, surroundings);
	const authority = folder.init(days, first, words.has("force"));
	for (const app of first)
		folder.issue(authority, { namespace, app, hosts: [], days: certificateDays }, true);
	const { validTo } = authority.certificate;
	const until = new Date(validTo).toISOString();
	if (words.has("json")) {
		const made = { folder: folder.path, validTo: until, apps: first };
		await terminal.print(JSON.stringify(made, null, terminal.isInteractive ? 2 : 0));
		return exitCode.ok;
	}
	const { bold } = terminal.styles;
	const shown = shownPath(folder.path, cwd);
	const option = given === undefined ? "" : ` --folder ${given}`;
	await terminal.print(
		[
			`Made an authority in ${bold(shown)}, valid until ${until.slice(0, 10)}, with certificates for ${first.join(" and ")}.`,
			"Keep its ca.key to yourself: with it, anybody can pass for any app.",
			"",
			"Issue a certificate for each of your apps:",
			"",
			`  allium tls issue shop stock${option}`,
			"",
			"Then set one variable for all of them; each finds its own certificate by its name:",
			"",
			`  export ALLIUM_TLS=${folder.path}`,
		].join("\n"),
	);
	return exitCode.ok;
};
