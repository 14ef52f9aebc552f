import type { Results, Row } from "./results.ts";

/** The value that a figure of a run should have. */
export interface Target {
	readonly what: string;
	readonly unit: string;
	readonly bound: { readonly atLeast?: number; readonly atMost?: number };
	/** The figure. Undefined if the run did not measure it. */
	readonly value: (results: Results) => number | undefined;
}

/** A target and its result. */
export interface Judged {
	readonly target: Target;
	readonly value: number | undefined;
	readonly verdict: "met" | "missed" | "unmeasured";
}

/** Compares a run with the targets. */
export function judge(results: Results, all: readonly Target[]): Judged[] {
	return all.map((target) => {
		const value = target.value(results);
		if (value === undefined || Number.isNaN(value))
			return { target, value: undefined, verdict: "unmeasured" };
		const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target.bound;
		return { target, value, verdict: value >= atLeast && value <= atMost ? "met" : "missed" };
	});
}

/** The row of `sum` to which the targets refer. */
const rpc = (stack: string, concurrency: number): Row["stack"][] => [
	"rpc",
	stack,
	"sum",
	String(concurrency),
];

function row(results: Results, [suite, stack, work, concurrency]: readonly string[]): Row | undefined {
	return results.rows.find((each) => {
		return (
			each.suite === suite &&
			each.stack === stack &&
			(work === undefined || each.work === work) &&
			(concurrency === undefined || each.concurrency === Number(concurrency))
		);
	});
}

const rate = (each: Row): number => each.callsPerSecond;
const cpu = ({ cpuSecondsPer100k: { client, server } }: Row): number => client + server;

/** A figure of one row, divided by the same figure of another. */
function over(
	figure: (each: Row) => number,
	one: readonly string[],
	other: readonly string[],
): Target["value"] {
	return (results) => {
		const [above, below] = [row(results, one), row(results, other)];
		return above && below && figure(above) / figure(below);
	};
}

/** A figure of frames with the default middleware, divided by the best figure of a peer. */
function overPeers(
	figure: (each: Row) => number,
	concurrency: number,
	best: (...figures: number[]) => number,
): Target["value"] {
	return (results) => {
		const frames = row(results, rpc("frames", concurrency));
		const peers = results.rows.filter((each) => {
			return (
				each.suite === "rpc" &&
				each.work === "sum" &&
				each.group === "peer" &&
				each.concurrency === concurrency
			);
		});
		if (frames === undefined || peers.length === 0) return undefined;
		return figure(frames) / best(...peers.map(figure));
	};
}

function figure(id: string): Target["value"] {
	return ({ figures }) => figures.find((each) => each.id === id)?.median;
}

/** The best of two figures, divided by a third. */
function figureOver(one: string, other: string): Target["value"] {
	return (results) => {
		const [above, below] = [figure(one)(results), figure(other)(results)];
		return above === undefined || below === undefined ? undefined : above / below;
	};
}

/** A figure less another one. */
function figureLess(one: string, other: string): Target["value"] {
	return (results) => {
		const [minuend, subtrahend] = [figure(one)(results), figure(other)(results)];
		return minuend === undefined || subtrahend === undefined ? undefined : minuend - subtrahend;
	};
}

/** The slowest of all sizes, divided by the smallest size. */
function flatness(dimension: string): Target["value"] {
	return ({ figures }) => {
		const sizes = figures.filter(({ id }) => id.startsWith(`growth ${dimension} calls `));
		const [first] = sizes;
		if (first === undefined || sizes.length < 2) return undefined;
		return Math.min(...sizes.map(({ median }) => median)) / first.median;
	};
}

/** The largest figure of all registries, divided by the smallest. */
function apart(name: string): Target["value"] {
	return ({ figures }) => {
		const medians = figures.filter(({ id }) => id.startsWith(`cluster ${name} `)).map(({ median }) => median);
		return medians.length < 2 ? undefined : Math.max(...medians) / Math.min(...medians);
	};
}

const atBoth = (make: (concurrency: number) => Target): Target[] => [64, 256].map(make);

/** The targets that the benchmark should meet. */
export const targets: readonly Target[] = [
	...atBoth((at) => ({
		what: `frames, default onion, ${at} at once: calls/s`,
		unit: "× F",
		bound: { atLeast: 0.6 },
		value: over(rate, rpc("frames", at), rpc("floor-net", at)),
	})),
	...atBoth((at) => ({
		what: `frames, default onion, ${at} at once: calls/s`,
		unit: "× the fastest peer",
		bound: { atLeast: 2.5 },
		value: overPeers(rate, at, Math.max),
	})),
	...atBoth((at) => ({
		what: `frames, bare, ${at} at once: calls/s`,
		unit: "× F",
		bound: { atLeast: 0.8 },
		value: over(rate, rpc("frames-bare", at), rpc("floor-net", at)),
	})),
	{
		what: "frames, default onion, 1 at once: p50",
		unit: "× F",
		bound: { atMost: 1.35 },
		value: over(({ p50us }) => p50us, rpc("frames", 1), rpc("floor-net", 1)),
	},
	...atBoth((at) => ({
		what: `frames, default onion, ${at} at once: CPU per call, client + server`,
		unit: "× F",
		bound: { atMost: 2 },
		value: over(cpu, rpc("frames", at), rpc("floor-net", at)),
	})),
	...atBoth((at) => ({
		what: `frames, default onion, ${at} at once: CPU per call, client + server`,
		unit: "× the leanest peer",
		bound: { atMost: 0.4 },
		value: overPeers(cpu, at, Math.min),
	})),
	{
		what: "server stream on the memory transport",
		unit: "messages/s",
		bound: { atLeast: 1_000_000 },
		value: (results) => row(results, ["streams", "memory"])?.callsPerSecond,
	},
	{
		what: "server stream on frames, default onion: messages/s",
		unit: "× the floor's stream",
		bound: { atLeast: 0.6 },
		value: over(rate, ["streams", "frames"], ["streams", "floor-net"]),
	},
	...[
		["http", "Connect JSON"],
		["rest", "REST"],
	].flatMap(([stack = "", name]): Target[] => [
		{
			what: `${name} under wrk: calls/s`,
			unit: "× bare node:http",
			bound: { atLeast: 0.85 },
			value: over(rate, ["http", stack], ["http", "floor-http"]),
		},
		{
			what: `${name} under wrk: calls/s`,
			unit: "× Fastify",
			bound: { atLeast: 1 },
			value: over(rate, ["http", stack], ["http", "fastify"]),
		},
	]),
	...atBoth((at) => ({
		what: `Connect JSON over HTTP/1.1 with our own client, ${at} at once: calls/s`,
		unit: "× H",
		bound: { atLeast: 0.9 },
		value: over(rate, rpc("http", at), rpc("floor-http", at)),
	})),
	{
		what: "frames over NATS, default onion, 64 at once: calls/s",
		unit: "× bare requests of the NATS client",
		bound: { atLeast: 0.8 },
		value: over(rate, rpc("frames-nats", 64), rpc("nats", 64)),
	},
	{
		what: "gateway → frames → service, 64 at once: calls/s",
		unit: "× H",
		bound: { atLeast: 0.6 },
		value: over(rate, rpc("gateway", 64), rpc("floor-http", 64)),
	},
	{
		what: "in process: six middlewares, over the bare handler",
		unit: "µs",
		bound: { atMost: 1 },
		value: figure("in-process six"),
	},
	{
		what: "default onion of client and server without the wire, per call",
		unit: "µs",
		bound: { atMost: 4 },
		value: figure("in-process onion"),
	},
	{
		what: "cold start of a service, process start to first answer",
		unit: "× bare node:http",
		bound: { atMost: 1.5 },
		value: figureOver("cold allium", "cold node:http"),
	},
	{
		what: "resident memory of the server after load",
		unit: "× F",
		bound: { atMost: 1.5 },
		value: figureOver("rss frames", "rss floor-net"),
	},
	...["instances", "methods", "services"].map((dimension) => ({
		what: `growth of ${dimension}: the slowest size`,
		unit: "× the smallest size",
		bound: { atLeast: 0.9 },
		value: flatness(dimension),
	})),
	{
		what: "frames between apps, 64 at once: CPU per call, by whichever registry they were found",
		unit: "× the cheapest registry",
		bound: { atMost: 1.05 },
		value: apart("cpu"),
	},
	...[
		["ready", "that starts before"],
		["redeploy", "while all is redeployed, of"],
	].flatMap(([id, what]): Target[] => [
		{
			what: `a gateway ${what} 2,000 services: until it serves all`,
			unit: "× 500 services",
			bound: { atMost: 5 },
			value: figureOver(`gateway ${id} 2000`, `gateway ${id} 500`),
		},
		{
			what: `a gateway ${what} 2,000 services: its event loop blocked at worst`,
			unit: "× 500 services",
			bound: { atMost: 2 },
			value: figureOver(`gateway ${id} 2000 block`, `gateway ${id} 500 block`),
		},
	]),
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
			what: `${name}: publish, 64 at once: CPU of the caller, less that of a call over frames`,
			unit: "µs",
			bound: { atMost: 10 },
			value: figureLess(`events ${backend} publish 64 cpu`, "events frames cpu"),
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

/** Targets of figures that are ratios already: the id, what it is of, the bound, and what it is divided by. */
function eventRatios(all: readonly (readonly [string, string, number, string])[]): Target[] {
	return all.map(([id, what, atLeast, floor]) => ({
		what,
		unit: `× ${floor}`,
		bound: { atLeast },
		value: figure(`events ${id} ratio`),
	}));
}
