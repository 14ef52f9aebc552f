import type { Command } from "../command/command.ts";
import { credentials, discovery, json } from "../command/common-options.ts";

/** `allium describe` */
export const describeCommand: Command = {
	name: "describe",
	summary: "Show the methods of a service, their types and errors, and how to call them.",
	arguments: [{ name: "service", summary: "The name of the service.", completes: "services" }],
	options: {
		json,
		url: {
			value: "url",
			summary: "Ask this address, without a registry: http://host:port or allium://host:port.",
		},
		credentials,
		...discovery,
	},
	examples: ["allium describe greeter", "allium describe greeter --url http://127.0.0.1:4000"],
	load: async () => (await import("./describe.ts")).describe,
};
