import type { Argument, Command, Option } from "../command/command.ts";
import { json } from "../command/common-options.ts";
import { storeNote, storeOptions } from "../streams/store-options.ts";
import { statuses } from "./statuses.ts";

/** The arguments that name a run. */
const run: readonly Argument[] = [
	{ name: "workflow", summary: "The name of the workflow.", completes: "workflows" },
	{ name: "key", summary: "The key of the run, as workflows list shows it.", completes: "runs" },
];

const yes: Option = { summary: "Do not ask. Needed where nobody can be asked." };

const whoDoesIt = "A process that runs the workflow does it at once; without one, the next does that starts.";

/** `allium workflows list`, or `allium workflows` */
export const workflowsListCommand: Command = {
	name: "workflows list",
	summary: "List the runs of workflows: how each is, and what it waits for.",
	arguments: [
		{
			name: "workflow",
			summary: "Only its runs. Default: those of all.",
			optional: true,
			completes: "workflows",
		},
	],
	options: {
		status: {
			value: "status",
			summary: `Only runs that are ${statuses.map((status) => JSON.stringify(status)).join(", ")}.`,
			completes: statuses,
		},
		limit: { value: "count", summary: "How many at most. Default: 100" },
		after: { value: "workflow/key", summary: "Only runs behind this one, to go on where a list ended." },
		json,
		...storeOptions,
	},
	notes: [
		'A run that is "going on" is worked on, or will be when a process runs its workflow. One that is "parked" does nothing until it is resumed or cancelled. The journal of one that is "unreadable" was written by something else than this version; the others are listed all the same.',
		storeNote,
	],
	examples: ["allium workflows", "allium workflows list order --status parked --json | jq -r '.[].key'"],
	load: async () => (await import("./list.ts")).list,
};

/** `allium workflows show` */
export const workflowsShowCommand: Command = {
	name: "workflows show",
	summary: "Show a run: how it is, why it is parked and at which step, and its journal.",
	arguments: run,
	options: { json, ...storeOptions },
	notes: ["The journal is shown from the last restart of the run on.", storeNote],
	examples: ["allium workflows show order o1"],
	load: async () => (await import("./show.ts")).show,
};

/** `allium workflows cancel` */
export const workflowsCancelCommand: Command = {
	name: "workflows cancel",
	summary: "Cancel a run: it gets an error with the reason workflow_cancelled, and can put things right.",
	arguments: run,
	options: {
		reason: { value: "text", summary: "Why. The workflow gets it as the message of the error." },
		yes,
		json,
		...storeOptions,
	},
	notes: [
		"The error comes where the run waits, or where it is parked, or else at its next step. Steps in a catch or finally of the workflow are done as any others.",
		whoDoesIt,
		storeNote,
	],
	examples: ["allium workflows cancel order o1 --reason 'the customer has left'"],
	load: async () => (await import("./intervene.ts")).cancel,
};

/** `allium workflows resume` */
export const workflowsResumeCommand: Command = {
	name: "workflows resume",
	summary: "Let a parked run go on: the step at which it stands has all its attempts again.",
	arguments: run,
	options: { json, ...storeOptions },
	notes: [
		"Do away with the cause before: workflows show tells it. After a change of the code, deploy that first.",
		whoDoesIt,
		storeNote,
	],
	examples: ["allium workflows resume order o1"],
	load: async () => (await import("./intervene.ts")).resume,
};

/** `allium workflows export` */
export const workflowsExportCommand: Command = {
	name: "workflows export",
	summary: "Print the journal of a run as JSON, as replayed(workflow, journal) reads it in tests.",
	arguments: run,
	options: { ...storeOptions },
	notes: [
		"The journal has the data of events, and what calls and steps came to: look for what is secret or personal before you keep it beside the tests.",
		storeNote,
	],
	examples: ["allium workflows export order o1 > journals/order-o1.json"],
	load: async () => (await import("./export.ts")).exportJournal,
};
