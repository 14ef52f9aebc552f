import { brokerNote, brokerOptions, groupArguments } from "../broker/broker-options.ts";
import type { Argument, Command, Option } from "../command/command.ts";
import { json } from "../command/common-options.ts";

const optionalGroup: readonly Argument[] = groupArguments.map((argument) => ({
	...argument,
	optional: true,
}));

const which: Readonly<Record<string, Option>> = {
	id: {
		value: "id",
		many: true,
		summary: "The parked event of this id, as parked list shows it; may be repeated.",
	},
	key: { value: "key", many: true, summary: "The parked event of this key; may be repeated." },
	all: { summary: "All parked events of the group." },
};

/** `allium parked list`, or `allium parked` */
export const parkedListCommand: Command = {
	name: "parked list",
	summary: "List parked events: those that a group gave up, each with its error.",
	arguments: optionalGroup,
	options: {
		limit: { value: "n", summary: "How many events of a group to show. Default: 50" },
		after: { value: "place", summary: "Where the page before ended. Only with a topic and a group." },
		json,
		...brokerOptions,
	},
	notes: [
		"An event that is parked holds back the later events of its key, and nothing else. They are handled in order once it is replayed or discarded.",
		brokerNote,
	],
	examples: [
		"allium parked",
		"allium parked list matches rewards",
		"allium parked --json | jq '.[].events[].error'",
	],
	load: async () => (await import("./list.ts")).list,
};

/** `allium parked replay` */
export const parkedReplayCommand: Command = {
	name: "parked replay",
	summary: "Try parked events again, and what waits behind them, in order.",
	arguments: groupArguments,
	options: { ...which, json, ...brokerOptions },
	notes: [
		"A process that works on the group does it at once; without one, the next does that starts.",
		brokerNote,
	],
	examples: ["allium parked replay matches rewards --key m1", "allium parked replay matches rewards --all"],
	load: async () => (await import("./edit.ts")).replay,
};

/** `allium parked discard` */
export const parkedDiscardCommand: Command = {
	name: "parked discard",
	summary: "Give parked events up, and go on with what waits behind them.",
	arguments: groupArguments,
	options: { ...which, json, ...brokerOptions },
	notes: ["The events stay in their topic; only this group passes over them.", brokerNote],
	examples: ["allium parked discard matches rewards --id 01935f6e-8a3c-7000-b2d4-5f0c3a9e1d27"],
	load: async () => (await import("./edit.ts")).discard,
};
