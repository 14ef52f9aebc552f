import type { Command } from "../command/command.ts";
import { discovery } from "../command/common-options.ts";

/** `allium dev` */
export const devCommand: Command = {
	name: "dev",
	summary: "Run services while you write them: each in its own process, restarted when its code changes.",
	arguments: [
		{
			name: "files",
			summary:
				"Programs, or folders with a main.ts or main.js. Default: every such program below this folder.",
			optional: true,
			many: true,
			completes: "files",
		},
	],
	options: {
		gateway: { value: "port", summary: "The port of the gateway, on 127.0.0.1. Default: 8080" },
		"no-gateway": { summary: "Run the services without a gateway." },
		...discovery,
	},
	notes: [
		"A gateway runs beside the services: one address for all of them, with a page that lists them. If its port is taken, the services run without it.",
		"A service restarts when its file or a module that it imports changes. The old process serves until the new one is ready, and stays if the new one does not start. A process that crashes is started again. Ctrl-C stops all processes in order; a second Ctrl-C ends them at once.",
		'package.json can name the programs to run by default: "allium": { "services": ["services/*/main.ts"] }.',
	],
	examples: ["allium dev", "allium dev examples/greeter examples/addsvc/main.ts"],
	load: async () => (await import("./dev.ts")).dev,
};
