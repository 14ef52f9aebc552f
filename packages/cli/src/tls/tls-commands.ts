import type { Command, Option } from "../command/command.ts";
import { discovery, json } from "../command/common-options.ts";

const force: Option = { summary: "Replace what is there." };

const { namespace = { summary: "" } } = discovery;

/** `allium tls init` */
export const tlsInitCommand: Command = {
	name: "tls init",
	summary: "Make an authority for development and tests, whose certificates tell apps apart.",
	arguments: [
		{
			name: "folder",
			summary: "The folder to make. Default: that of ALLIUM_TLS, else tls.",
			optional: true,
			completes: "folders",
		},
	],
	options: {
		days: { value: "n", summary: "How long the authority is valid. Default: 365" },
		force,
		json,
		namespace: {
			...namespace,
			summary: "The namespace of the apps. Default: ALLIUM_NAMESPACE, else default.",
		},
	},
	notes: [
		"The folder gets ca.pem, which everybody may have, and ca.key, with which anybody can issue certificates: it stays on this machine. The gateway and this command get certificates at once; the other apps get theirs by allium tls issue.",
		"It is meant for development and tests. In production let an authority of your platform issue the files, such as cert-manager, step-ca or Vault.",
	],
	examples: ["allium tls init", "allium tls init /tmp/shop-tls --days 7"],
	load: async () => (await import("./tls-init.ts")).tlsInit,
};

/** `allium tls issue` */
export const tlsIssueCommand: Command = {
	name: "tls issue",
	summary: "Issue certificates for apps, by the authority that allium tls init made.",
	arguments: [{ name: "apps", summary: "The names of the apps, as in allium({ name }).", many: true }],
	options: {
		folder: {
			value: "path",
			summary: "The folder of the authority. Default: that of ALLIUM_TLS, else tls.",
			completes: "folders",
		},
		host: {
			value: "host",
			many: true,
			summary:
				"A host name or an address by which the apps are called, beside localhost; may be repeated. Apps that find one another in a registry need none.",
		},
		days: { value: "n", summary: "How long the certificates are valid. Default: 90" },
		force,
		json,
		namespace: {
			...namespace,
			summary: "The namespace of the apps. Default: ALLIUM_NAMESPACE, else default.",
		},
	},
	notes: [
		"Each app gets a folder of its name with ca.pem, cert.pem and key.pem. Its certificate names it as spiffe://<namespace>/<app>. With --force, processes that run take up the new files without a restart.",
	],
	examples: ["allium tls issue shop stock", "allium tls issue shop --host shop.internal --host 10.0.0.7"],
	load: async () => (await import("./tls-issue.ts")).tlsIssue,
};
