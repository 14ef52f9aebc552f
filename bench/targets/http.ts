import type { Row } from "../results.ts";
import type { Target } from "./target.ts";
import { atBoth, over, rate, rpc } from "./values.ts";

const bare = ["http", "floor-http"];
const p99 = ({ p99us }: Row): number => p99us;

/** The targets of HTTP. */
export const httpTargets: readonly Target[] = [
	{
		what: "Connect JSON under wrk: calls/s",
		unit: "× bare node:http",
		bound: { atLeast: 2 },
		value: over(rate, ["http", "http"], bare),
	},
	{
		what: "Connect JSON under wrk: calls/s",
		unit: "× Fastify",
		bound: { atLeast: 2.3 },
		value: over(rate, ["http", "http"], ["http", "fastify"]),
	},
	{
		what: "REST under wrk: calls/s",
		unit: "× bare node:http",
		bound: { atLeast: 1.9 },
		value: over(rate, ["http", "rest"], bare),
	},
	{
		what: "REST under wrk: calls/s",
		unit: "× Fastify",
		bound: { atLeast: 1 },
		value: over(rate, ["http", "rest"], ["http", "fastify"]),
	},
	{
		what: "Connect JSON under wrk: p99",
		unit: "× bare node:http",
		bound: { atMost: 1 },
		value: over(p99, ["http", "http"], bare),
	},
	{
		what: "gateway → frames → service under wrk: calls/s",
		unit: "× bare node:http",
		bound: { atLeast: 1.2 },
		value: over(rate, ["http", "gateway"], bare),
	},
	...atBoth((at) => ({
		what: `Connect JSON over HTTP/1.1 with our own client, ${at} at once: calls/s`,
		unit: "× H",
		bound: { atLeast: 0.95 },
		value: over(rate, rpc("http", at), rpc("floor-http", at)),
	})),
	{
		what: "gateway → frames → service, 64 at once: calls/s",
		unit: "× H",
		bound: { atLeast: 0.85 },
		value: over(rate, rpc("gateway", 64), rpc("floor-http", 64)),
	},
];
