import { brokerNote, brokerOptions, groupArguments } from "../broker/broker-options.ts";
import type { Command, Option } from "../command/command.ts";
import { json } from "../command/common-options.ts";

const yes: Option = { summary: "Do not ask. Needed where nobody can be asked." };

/** `allium groups list`, or `allium groups` */
export const groupsListCommand: Command = {
	name: "groups list",
	summary: "List the groups that handle events: members, lanes, lag, and what is parked.",
	arguments: [
		{ name: "topic", summary: "Only its groups. Default: all.", optional: true, completes: "topics" },
	],
	options: { json, ...brokerOptions },
	notes: [
		"LAG is how many events are not handled yet, and BEHIND how old the oldest of them is. A group that does not go on comes with the reason.",
		brokerNote,
	],
	examples: ["allium groups", "allium groups list matches --json | jq '.[] | select(.lag > 100)'"],
	load: async () => (await import("./list.ts")).list,
};

/** `allium groups show` */
export const groupsShowCommand: Command = {
	name: "groups show",
	summary: "Show the members of a group and each of its lanes.",
	arguments: groupArguments,
	options: { json, ...brokerOptions },
	notes: [brokerNote],
	examples: ["allium groups show matches rewards"],
	load: async () => (await import("./show.ts")).show,
};

/** `allium groups rewind` */
export const groupsRewindCommand: Command = {
	name: "groups rewind",
	summary:
		"Put a group at another place: it handles again what comes after it, or passes over what is before it.",
	arguments: groupArguments,
	options: {
		to: {
			value: "place",
			summary: "start, now, a time such as 2026-11-26T08:00:00Z, or how long ago, such as 10m. Required.",
			completes: ["start", "now"],
		},
		yes,
		json,
		...brokerOptions,
	},
	notes: [
		"What is parked, delayed or tried again in the group is forgotten. It is refused while a process works on the group: stop that first. A process that ended without a word is waited for, up to 15 seconds.",
		brokerNote,
	],
	examples: [
		"allium groups rewind matches rewards --to start",
		"allium groups rewind matches rewards --to 2h --yes",
	],
	load: async () => (await import("./rewind.ts")).rewind,
};

/** `allium groups delete` */
export const groupsDeleteCommand: Command = {
	name: "groups delete",
	summary: "Delete a group, with all that is parked, delayed or tried again in it.",
	arguments: groupArguments,
	options: { yes, json, ...brokerOptions },
	notes: ["The events stay in their topic. It is refused while a process works on the group.", brokerNote],
	examples: ["allium groups delete matches rewards"],
	load: async () => (await import("./delete.ts")).deleteGroup,
};
