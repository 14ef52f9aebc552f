import type { Argument, Command, Option } from "../command/command.ts";
import { discovery, json } from "../command/common-options.ts";

const { namespace = { summary: "" } } = discovery;

/** The options that choose the view store, and the place of the views' events. */
const viewOptions: Readonly<Record<string, Option>> = {
	views: { value: "url", summary: "The view store, instead of the one that the environment names." },
	store: { value: "url", summary: "The event store with the events of the views." },
	broker: { value: "url", summary: "The broker with the events of the views." },
	namespace: { ...namespace, summary: "The namespace of the apps. Default: ALLIUM_NAMESPACE, else default." },
};

const view: Argument = { name: "view", summary: "The name of the view.", completes: "views" };
const version: Argument = { name: "version", summary: "Its version.", completes: "versions" };
const optionalVersion: Argument = {
	...version,
	summary: "Its version. Default: the newest.",
	optional: true,
};

const wait: Option = {
	summary:
		"Wait until nothing is being built any more, at most 15 seconds for a process that builds. A terminal shows how far it is.",
};

const viewNote =
	"The view store is the one of --views, ALLIUM_VIEWS, ALLIUM_EVENTS or ALLIUM_URL. Without those, it is SQLite files in the nearest folder .allium, as for apps. The events are looked for in the event store, and then in the broker.";

/** `allium views list`, or `allium views` */
export const viewsListCommand: Command = {
	name: "views list",
	summary: "List the views: their versions and builds, what is read, and how far the others are.",
	arguments: [{ ...view, summary: "Only its versions. Default: all views.", optional: true }],
	options: { wait, json, ...viewOptions },
	notes: [
		"LAG is how many events are not in a build yet, and BEHIND how old the oldest of them is. The time that is left is measured for half a second, and whether the process was killed for up to six seconds. A build that does not go on comes with the reason.",
		viewNote,
	],
	examples: ["allium views", "allium views standings --wait", "allium views list --json | jq '.[].live'"],
	load: async () => (await import("./list.ts")).list,
};

/** `allium views show` */
export const viewsShowCommand: Command = {
	name: "views show",
	summary: "Show the builds of a version, where each is in its topics, and the keys that are parked.",
	arguments: [view, optionalVersion],
	options: {
		limit: { value: "n", summary: "How many parked keys of a build to show. Default: 20" },
		json,
		...viewOptions,
	},
	notes: [viewNote],
	examples: ["allium views show standings", "allium views show standings 1 --json"],
	load: async () => (await import("./show.ts")).show,
};

/** `allium views rebuild` */
export const viewsRebuildCommand: Command = {
	name: "views rebuild",
	summary: "Build a version again from the first event on, beside what is read until it is ready.",
	arguments: [view, optionalVersion],
	options: { wait, json, ...viewOptions },
	notes: [
		"A process that projects the view builds it; without one, the next does that starts. The build before is kept, for views switch, until another one is begun.",
		viewNote,
	],
	examples: ["allium views rebuild standings --wait"],
	load: async () => (await import("./rebuild.ts")).rebuild,
};

/** `allium views switch` */
export const viewsSwitchCommand: Command = {
	name: "views switch",
	summary: "Make readers use another build of a version, such as the one before.",
	arguments: [view, version, { name: "build", summary: "The build to read, as views show lists it." }],
	options: { json, ...viewOptions },
	notes: [
		"A reader changes over once the build has all events that the reader may have seen in the other.",
		viewNote,
	],
	examples: ["allium views switch standings 1 1"],
	load: async () => (await import("./switch.ts")).switchBuild,
};

/** `allium views retry` */
export const viewsRetryCommand: Command = {
	name: "views retry",
	summary: "Try documents again that did not take an event, and what came later for them.",
	arguments: [view, optionalVersion],
	options: {
		key: { value: "key", many: true, summary: "The document of this key; may be repeated." },
		all: { summary: "All parked documents." },
		build: { value: "build", summary: "Of this build. Default: the one that is read." },
		json,
		...viewOptions,
	},
	notes: [viewNote],
	examples: ["allium views retry results --key m1", "allium views retry results 2 --all"],
	load: async () => (await import("./retry.ts")).retry,
};

/** `allium views drop` */
export const viewsDropCommand: Command = {
	name: "views drop",
	summary: "Remove a version of a view, or one build of it.",
	arguments: [
		view,
		version,
		{ name: "build", summary: "Only this build. Default: the whole version.", optional: true },
	],
	options: {
		force: { summary: "Also what is read, or what a process works on." },
		json,
		...viewOptions,
	},
	notes: ["The events stay. An app that projects the version builds it again.", viewNote],
	examples: ["allium views drop standings 1", "allium views drop standings 2 1 --force"],
	load: async () => (await import("./drop.ts")).drop,
};
