import type { Target } from "./target.ts";
import { atBoth, cpu, figure, over, overPeers, rate, row, rpc } from "./values.ts";

/** The targets of calls and streams over frames. */
export const callTargets: readonly Target[] = [
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
		what: "server stream on the memory transport: messages/s",
		unit: "× a bare generator, each message written and read as JSON",
		bound: { atLeast: 1 },
		value: over(rate, ["streams", "memory"], ["streams", "floor-json"]),
	},
	{
		what: "server stream on frames, default onion: messages/s",
		unit: "× the floor's stream",
		bound: { atLeast: 0.6 },
		value: over(rate, ["streams", "frames"], ["streams", "floor-net"]),
	},
	{
		what: "frames over NATS, default onion, 64 at once: calls/s",
		unit: "× bare requests of the NATS client",
		bound: { atLeast: 0.8 },
		value: over(rate, rpc("frames-nats", 64), rpc("nats", 64)),
	},
	{
		what: "through a queue of RabbitMQ, default onion, 64 at once: calls/s",
		unit: "× bare request and reply of the same client library",
		bound: { atLeast: 0.8 },
		value: figure("queues ratio"),
	},
];
