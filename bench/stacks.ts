/** A stack that can be measured. */
export interface StackEntry {
	/** The id, as `--stacks` takes it. */
	readonly id: string;
	readonly file: string;
	readonly group: "floor" | "peer" | "allium";
	/** Whether it needs the packages in `peers/node_modules`. */
	readonly installed: boolean;
	/** Whether it has a separate server process. */
	readonly serves: boolean;
	/** The one way in which it is measured, where it does not make the calls of all others. */
	readonly only?: "wrk" | "streams";
}

const floor = { group: "floor", installed: false, serves: true } as const;
const peer = { group: "peer", installed: true, serves: true } as const;
const allium = { group: "allium", installed: false, serves: true } as const;

/** All stacks. The floor F comes first: every ratio refers to it, unless stated otherwise. */
export const stacks: readonly StackEntry[] = [
	{ ...floor, id: "floor-net", file: "stacks/floor-net.ts" },
	{ ...floor, id: "floor-json", file: "stacks/floor-json.ts", serves: false, only: "streams" },
	{ ...floor, id: "floor-http", file: "peers/floor-http.ts", installed: true },
	{ ...floor, id: "floor-http-net", file: "peers/floor-http-net.ts", installed: true, only: "wrk" },
	{ ...floor, id: "floor-http-browser", file: "peers/floor-http-browser.ts", installed: true, only: "wrk" },
	{ ...floor, id: "floor-https", file: "peers/floor-https.ts", installed: true, only: "wrk" },
	{ ...allium, id: "frames-bare", file: "stacks/frames-bare.ts" },
	{ ...allium, id: "frames", file: "stacks/frames.ts" },
	{ ...allium, id: "frames-nats", file: "stacks/frames-nats.ts" },
	{ ...allium, id: "http", file: "stacks/http.ts" },
	{ ...allium, id: "http-browser", file: "stacks/http-browser.ts", only: "wrk" },
	{ ...allium, id: "https", file: "stacks/https.ts", only: "wrk" },
	{ ...allium, id: "rest", file: "peers/allium-rest.ts", installed: true },
	{ ...allium, id: "gateway", file: "stacks/gateway.ts" },
	{ ...allium, id: "gateway-silent", file: "stacks/gateway-silent.ts", only: "wrk" },
	{ ...allium, id: "gateway-given-id", file: "stacks/gateway-given-id.ts", only: "wrk" },
	{ ...allium, id: "gateway-cors", file: "stacks/gateway-cors.ts", only: "wrk" },
	{ ...allium, id: "gateway-long", file: "stacks/gateway-long.ts", only: "wrk" },
	{ ...allium, id: "gateway-gzip", file: "stacks/gateway-gzip.ts", only: "wrk" },
	{ ...allium, id: "memory", file: "stacks/memory.ts", serves: false },
	{ ...allium, id: "in-process", file: "stacks/in-process.ts", serves: false },
	{ ...peer, id: "moleculer-tcp", file: "peers/moleculer-tcp.ts" },
	{ ...peer, id: "moleculer-nats", file: "peers/moleculer-nats.ts" },
	{ ...peer, id: "nest-tcp", file: "peers/nest-tcp.ts" },
	{ ...peer, id: "nats", file: "peers/nats.ts" },
	{ ...peer, id: "grpc", file: "peers/grpc.ts" },
	{ ...peer, id: "connect-http2", file: "peers/connect-http2.ts" },
	{ ...peer, id: "connect-http1", file: "peers/connect-http1.ts" },
	{ ...peer, id: "trpc", file: "peers/trpc.ts" },
	{ ...peer, id: "trpc-batch", file: "peers/trpc-batch.ts" },
	{ ...peer, id: "orpc", file: "peers/orpc.ts" },
	{ ...peer, id: "fastify", file: "peers/fastify.ts" },
	{ ...peer, id: "hono", file: "peers/hono.ts" },
];
