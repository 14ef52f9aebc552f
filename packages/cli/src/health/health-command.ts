import type { Command } from "../command/command.ts";
import { credentials, discovery, json } from "../command/common-options.ts";

/** `allium health` */
export const healthCommand: Command = {
	name: "health",
	summary: "Show which instances take calls, and the results of their health checks.",
	arguments: [
		{
			name: "service",
			summary: "The name of the service. Default: all.",
			optional: true,
			completes: "services",
		},
	],
	options: { json, credentials, ...discovery },
	notes: [
		"Each instance in the registry is asked at /readyz. The exit code is 1 if an instance does not take calls, does not answer, or has a failing check.",
	],
	examples: ["allium health", "allium health shop --json | jq '.[] | select(.healthy | not)'"],
	load: async () => (await import("./health.ts")).health,
};
