import { brokerNote, brokerOptions } from "../broker/broker-options.ts";
import type { Command } from "../command/command.ts";
import { callee, json } from "../command/common-options.ts";

/** `allium events tail` */
export const eventsTailCommand: Command = {
	name: "events tail",
	summary: "Print events as they are published.",
	arguments: [
		{
			name: "topic",
			summary: "A topic, or one event: <contract>.<event>. Default: all topics.",
			optional: true,
			completes: "topics",
		},
	],
	options: {
		from: {
			value: "place",
			summary: "Where to begin: start, now, a time, or how long ago, such as 10m. Default: now",
			completes: ["start", "now"],
		},
		key: { value: "key", summary: "Only the events of this key." },
		json: { summary: "Print each event as one line: a CloudEvent in JSON." },
		...brokerOptions,
	},
	notes: ["It follows until Ctrl-C. It reads beside the groups and changes nothing.", brokerNote],
	examples: [
		"allium events tail",
		"allium events tail matches.started --from 10m",
		"allium events tail matches --from start --key m1 --json | jq .data",
	],
	load: async () => (await import("./tail.ts")).tail,
};

/** `allium events show` */
export const eventsShowCommand: Command = {
	name: "events show",
	summary: "Show all of one event: its data, its place, its trace and what caused it.",
	arguments: [
		{ name: "topic", summary: "The topic: the name of the contract.", completes: "topics" },
		{ name: "id|position", summary: "The id of the event, or its position." },
	],
	options: { json, ...brokerOptions },
	notes: [
		"By a position it is found at once, and on SQLite and PostgreSQL by an id, too. NATS has no index of ids: those that Allium makes tell the time, so that little is read; for an id that is no UUID of version 7, the topic is read from its start, which takes long where it keeps millions.",
		brokerNote,
	],
	examples: ["allium events show matches 01935f6e-8a3c-7000-b2d4-5f0c3a9e1d27"],
	load: async () => (await import("./show.ts")).show,
};

/** `allium events publish` */
export const eventsPublishCommand: Command = {
	name: "events publish",
	summary: "Publish an event by hand, checked against the contract as its service describes it.",
	arguments: [
		{ name: "contract.event", summary: "The event, such as matches.started." },
		{
			name: "json|-",
			summary: "Its data as JSON, or - to read them from standard input. Default: {}",
			optional: true,
		},
	],
	options: {
		id: { value: "id", summary: "Its id. An event of an id that is there already is not published again." },
		key: { value: "key", summary: "Its key: the property of the data that the contract names as such." },
		at: { value: "time", summary: "It is not handled before this time, such as 2026-11-26T08:00:00Z." },
		in: { value: "duration", summary: "It is not handled before so long from now: 30s, 5m, 1h." },
		json,
		...callee,
		...brokerOptions,
	},
	showsExitCodes: true,
	notes: [
		"An instance of the service has to be up, or an app that accepts its events over HTTP, so that it can describe the event.",
		brokerNote,
	],
	examples: [
		`allium events publish matches.started '{"id":"m1","size":19}'`,
		`allium events publish matches.started '{"size":19}' --key m1 --in 5m`,
	],
	load: async () => (await import("./publish.ts")).publish,
};

/** `allium events topics` */
export const eventsTopicsCommand: Command = {
	name: "events topics",
	summary: "List the topics: how many events each keeps, and in how many lanes.",
	arguments: [],
	options: { json, ...brokerOptions },
	notes: [brokerNote],
	examples: ["allium events topics", "allium events topics --json | jq -r '.[].topic'"],
	load: async () => (await import("./topics.ts")).topics,
};
