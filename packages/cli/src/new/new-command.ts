import type { Command } from "../command/command.ts";
import { templates } from "./templates.ts";

const templateNames = templates.map(({ name }) => name);

/** `allium new` */
export const newCommand: Command = {
	name: "new",
	summary: "Make a new service with a contract, an implementation and tests, ready to run.",
	arguments: [
		{
			name: "folder",
			summary: "The folder to make; the service has its name. For the current folder: .",
			completes: "folders",
		},
	],
	options: {
		template: {
			value: templateNames.join("|"),
			summary: `What it begins as: ${templates.map(({ name, summary }) => `${name} is ${summary}`).join(", ")}. Default: ${templates[0].name}`,
			completes: templateNames,
		},
		install: { summary: "Run npm install there." },
	},
	notes: ["The folder must be new or empty."],
	examples: ["allium new shop", "allium new services/clock --template stream --install"],
	load: async () => (await import("./new.ts")).newService,
};
