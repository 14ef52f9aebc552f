import type { Target } from "./target.ts";
import { figure, figureLess, figureOver } from "./values.ts";

/** The targets of events and of the event store. */
export const eventTargets: readonly Target[] = [
	...eventRatios([
		[
			"sqlite publish 64",
			"SQLite: publish, 64 at once",
			0.6,
			"bare inserts of the same rows, 64 a transaction",
		],
		["sqlite handle", "SQLite: handle, 16 at once", 0.2, "bare SELECT, paged"],
		["sqlite groups 100", "SQLite: deliveries to 100 groups", 0.9, "to one group"],
		["postgres append apart", "PostgreSQL: append by 16 brokers", 0.8, "INSERT by 16 connections"],
		["postgres append 64", "PostgreSQL: append, 64 at once", 5, "INSERT by 16 connections"],
		["postgres append 256", "PostgreSQL: append, 256 at once", 5, "INSERT by 16 connections"],
		["postgres read", "PostgreSQL: read pages", 0.6, "bare SELECT, paged"],
		["nats publish 64", "NATS: publish, 64 at once", 0.8, "js.publish"],
		["nats handle", "NATS: handle, 16 at once", 0.5, "ordered reading"],
	]),
	{
		what: "event store on SQLite: append, 64 at once",
		unit: "× bare inserts of the same rows, 64 a transaction",
		bound: { atLeast: 0.6 },
		value: figure("store sqlite append 64 ratio"),
	},
	{
		what: "event store on SQLite: commands of a decider, 16 at once",
		unit: "× load of a stream and append to it",
		bound: { atLeast: 0.5 },
		value: figure("store sqlite commands ratio"),
	},
	...[
		["sqlite", "SQLite"],
		["postgres", "PostgreSQL"],
	].flatMap(([id, name]): Target[] => [
		{
			what: `event store on ${name}: steps of workflows, 16 runs at once`,
			unit: "× append of single events, 16 at once",
			bound: { atLeast: 0.5 },
			value: figure(`store ${id} steps ratio`),
		},
		...["documents", "tables"].map((view) => ({
			what: `event store on ${name}: ${view} that are built from a log`,
			unit: "× pages of that log",
			bound: { atLeast: 0.3 },
			value: figure(`store ${id} ${view} ratio`),
		})),
	]),
	...[
		["PostgreSQL: append, 16 at once", "postgres append 16", "emmett append 16"],
		["PostgreSQL: load of a stream of 1,000 events", "postgres load", "emmett load"],
		["PostgreSQL: commands of a decider, 16 at once", "postgres commands", "emmett commands"],
		["SQLite: append, 1 at once", "sqlite append 1", "emmett-sqlite append 1"],
		["SQLite: load of a stream of 1,000 events", "sqlite load", "emmett-sqlite load"],
	].map(
		([what, ours, emmett]): Target => ({
			what: `event store on ${what}`,
			unit: "× Emmett",
			bound: { atLeast: 1 },
			value: figureOver(`store ${ours}`, `store ${emmett}`),
		}),
	),
	{
		what: "NATS: handle, 16 at once",
		unit: "× a consumer that acknowledges each",
		bound: { atLeast: 2 },
		value: figureOver("events nats handle", "events nats ack"),
	},
	...[
		["sqlite", "bullmq", "SQLite: handle", 8, "BullMQ on Redis"],
		["postgres", "pg-boss", "PostgreSQL: handle", 20, "pg-boss"],
		["postgres", "graphile", "PostgreSQL: handle", 20, "Graphile Worker"],
	].map(
		([backend, peer, what, atLeast, unit]): Target => ({
			what: `${what}, 16 at once`,
			unit: `× ${unit}`,
			bound: { atLeast: Number(atLeast) },
			value: figureOver(`events ${backend} handle`, `events ${peer} work`),
		}),
	),
	...[
		["sqlite", "SQLite", 2],
		["nats", "NATS", 2],
		["postgres", "PostgreSQL", 10],
	].map(
		([backend, name, atMost]): Target => ({
			what: `${name}: idle, from publishing to the handler, p50`,
			unit: "ms",
			bound: { atMost: Number(atMost) },
			value: figure(`events ${backend} idle`),
		}),
	),
	...[
		["sqlite", "SQLite"],
		["nats", "NATS"],
		["postgres", "PostgreSQL"],
	].map(
		([backend, name]): Target => ({
			// The cost of a commit is the backend's: in SQLite it happens in the process of the caller.
			what: `${name}: publish, 64 at once: CPU of the caller, less that of an append to the log`,
			unit: "µs",
			bound: { atMost: 10 },
			value: figureLess(`events ${backend} publish 64 cpu`, `events ${backend} append 64 cpu`),
		}),
	),
	{
		what: "SQLite: a million events wait: the slowest tenth",
		unit: "× the first tenth",
		bound: { atLeast: 0.9 },
		value: figure("events million rate last"),
	},
	{
		what: "SQLite: a million events wait: the most resident memory",
		unit: "× the first tenth",
		bound: { atMost: 1.1 },
		value: figure("events million rss last"),
	},
];

/** Targets of figures that are already ratios: the id, the name of the figure, the bound, and the divisor. */
function eventRatios(all: readonly (readonly [string, string, number, string])[]): Target[] {
	return all.map(([id, what, atLeast, floor]) => ({
		what,
		unit: `× ${floor}`,
		bound: { atLeast },
		value: figure(`events ${id} ratio`),
	}));
}
