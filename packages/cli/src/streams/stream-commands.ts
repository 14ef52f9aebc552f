import type { Command } from "../command/command.ts";
import { json } from "../command/common-options.ts";
import { storeNote, storeOptions } from "./store-options.ts";

/** `allium streams list`, or `allium streams` */
export const streamsListCommand: Command = {
	name: "streams list",
	summary: "List the streams of the event store: how many events each has, and in which topic.",
	arguments: [
		{ name: "prefix", summary: "Only streams whose names begin so. Default: all.", optional: true },
	],
	options: {
		limit: { value: "count", summary: "How many at most. Default: 100" },
		json,
		...storeOptions,
	},
	notes: [storeNote],
	examples: ["allium streams", "allium streams list account/ --json | jq -r '.[].stream'"],
	load: async () => (await import("./list.ts")).list,
};

/** `allium streams show` */
export const streamsShowCommand: Command = {
	name: "streams show",
	summary: "Show the events of a stream, in order, and the state that they come to.",
	arguments: [{ name: "stream", summary: "The stream, such as account/a1.", completes: "streams" }],
	options: {
		at: { value: "version", summary: "The stream as it was at this version. Default: as it is." },
		decider: {
			value: "module",
			summary: "A module that exports the decider of the stream, which folds its state: ./ledger.ts",
			completes: "files",
		},
		json,
		...storeOptions,
	},
	notes: [
		storeNote,
		"With --decider, the state follows the events; with --json, each line has the state after its event. The command loads the module, so name one that starts nothing.",
	],
	examples: [
		"allium streams show account/a1",
		"allium streams show account/a1 --at 17 --decider ./ledger.ts",
		"allium streams show account/a1 --decider ./ledger.ts --json | jq .state",
	],
	load: async () => (await import("./show.ts")).show,
};
