import type { Target } from "./target.ts";
import { figure, figureOver } from "./values.ts";

/** The targets of layers and processes. */
export const processTargets: readonly Target[] = [
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
		what: "cold start of a service that keeps compiled code, from its second start on",
		unit: "× bare node:http",
		bound: { atMost: 1.2 },
		value: figureOver("cold cached", "cold node:http"),
	},
	{
		what: "resident memory of the server after load",
		unit: "× F",
		bound: { atMost: 1.5 },
		value: figureOver("rss frames", "rss floor-net"),
	},
	{
		what: "10,000 idle connections of HTTP/1.1: resident at the server",
		unit: "× read by Node",
		bound: { atMost: 1.1 },
		value: figureOver("idle http resident at the server", "idle http-node resident at the server"),
	},
];
