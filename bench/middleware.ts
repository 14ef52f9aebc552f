// What each middleware of the core costs: nanoseconds per served call over one without it, all in one run.
// node --conditions=@allium/source bench/middleware.ts

import {
	authorize,
	bulkhead,
	cache,
	circuitBreaker,
	concurrencyLimit,
	contract,
	Endpoints,
	fallback,
	hedge,
	logging,
	type Middleware,
	method,
	noMetadata,
	rateLimit,
	retry,
	ServerCall,
	silentLogger,
	singleFlight,
	timeout,
} from "allium";
import * as z from "zod";

const Bench = contract("bench", {
	read: method({ input: z.object({ a: z.int(), b: z.int() }), effect: "read" }),
});

const candidates: Record<string, Middleware> = {
	nothing: (next) => next,
	timeout: timeout(),
	retry: retry(),
	"hedge (own p95)": hedge(),
	circuitBreaker: circuitBreaker(),
	bulkhead: bulkhead({ concurrency: 1_000 }),
	rateLimit: rateLimit({ perSecond: 1e9 }),
	"rateLimit by key": rateLimit({ perSecond: 1e9, key: () => "key" }),
	concurrencyLimit: concurrencyLimit(),
	"cache (hit)": cache({ ttlMs: 3_600_000 }),
	singleFlight: singleFlight(),
	fallback: fallback(() => ({})),
	authorize: authorize(() => true),
	logging: logging(silentLogger),
};

const callsPerRound = 20_000;
const rounds = 15;
const incoming = {
	path: Bench.read.path,
	metadata: noMetadata,
	peer: { address: "memory" },
	timeoutMs: Number.POSITIVE_INFINITY,
};

/** The service behind a middleware, as transports call it. */
function served(middleware: Middleware): Endpoints {
	const endpoints = new Endpoints();
	endpoints.serve(Bench, { read: async () => ({}) }, { middleware: [middleware] });
	return endpoints;
}

/** Nanoseconds per call, one call after the other. */
async function measure(endpoints: Endpoints): Promise<number> {
	const input = { a: 1, b: 2 };
	const startedAt = performance.now();
	for (let n = 0; n < callsPerRound; n++) {
		const call = new ServerCall(endpoints, incoming);
		await call.run(() => input);
		call.settle({ ok: true });
	}
	return ((performance.now() - startedAt) * 1e6) / callsPerRound;
}

const entries = Object.entries(candidates).map(([name, middleware]) => {
	return { name, endpoints: served(middleware), times: [] as number[] };
});
// In turn, so that what else the machine does meets all alike; the first rounds warm up.
for (let round = -3; round < rounds; round++) {
	for (const { endpoints, times } of entries) {
		const nanoseconds = await measure(endpoints);
		if (round >= 0) times.push(nanoseconds);
	}
}

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
const base = median(entries[0]?.times ?? []);
console.log(
	`Node ${process.version}; a call without any takes ${base.toFixed(0)} ns; medians of ${rounds} rounds`,
);
for (const { name, times } of entries.slice(1)) {
	console.log(`${name.padEnd(20)} +${(median(times) - base).toFixed(0).padStart(5)} ns`);
}
