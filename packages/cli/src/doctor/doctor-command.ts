import type { Command } from "../command/command.ts";
import { credentials, discovery, json } from "../command/common-options.ts";

/** `allium doctor` */
export const doctorCommand: Command = {
	name: "doctor",
	summary: "Find out what is wrong with this machine, its backends, the instances and their certificates.",
	arguments: [],
	options: {
		expect: {
			value: "file",
			many: true,
			summary:
				"A module that exports the contracts that your clients expect; each is compared with what is served. May be repeated.",
			completes: "files",
		},
		broker: { value: "url", summary: "The broker, instead of the one that the environment names." },
		store: { value: "url", summary: "The event store, instead of the one that the environment names." },
		views: { value: "url", summary: "The view store, instead of the one that the environment names." },
		json,
		credentials,
		...discovery,
	},
	notes: [
		"It looks at the version of Node, the configuration of this environment, the registry and its clock, the broker and the settings of its server that lose events, what such a server lacks for events, groups that lag or have parked events, whether the transport that carries calls lets them in, the event store and the views, the data folder, the port that a service would take here, instances that are registered and do not answer, services whose instances serve different contracts, and certificates that have expired or soon will. Each examination ends within 10 seconds. Each thing that is wrong comes with its remedy, and the exit code is 1 then.",
	],
	examples: [
		"allium doctor",
		"allium doctor --expect ./contracts.ts",
		"allium doctor --json | jq '.findings[] | select(.state == \"wrong\")'",
	],
	load: async () => (await import("./doctor.ts")).doctor,
};
