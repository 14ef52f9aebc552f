import type { Command } from "../command/command.ts";
import { discovery, json } from "../command/common-options.ts";

/** `allium services` */
export const servicesCommand: Command = {
	name: "services",
	summary: "List the services that are up, and their addresses.",
	arguments: [],
	options: { json, ...discovery },
	examples: ["allium services", "allium services --json | jq -r '.[].name'"],
	load: async () => (await import("./services.ts")).services,
};
