// What each middleware of the core costs: nanoseconds per call over the bare endpoint, all in one run.
// node --conditions=@allium/source bench/middleware.ts

import {
	authorize,
	bulkhead,
	Context,
	cache,
	circuitBreaker,
	concurrencyLimit,
	contract,
	type Endpoint,
	fallback,
	hedge,
	logging,
	type Middleware,
	method,
	rateLimit,
	retry,
	silentLogger,
	singleFlight,
	timeout,
} from "allium";
import * as z from "zod";
import { scoped } from "../packages/core/src/client/scoped.ts";

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
const output = { v: 3 };
const bare: Endpoint = () => Promise.resolve(output);

/** Nanoseconds per call of an endpoint, one call after the other. */
async function measure(endpoint: Endpoint): Promise<number> {
	const input = { a: 1, b: 2 };
	const ctx = Context.background();
	const startedAt = performance.now();
	for (let n = 0; n < callsPerRound; n++) await endpoint(input, ctx);
	return ((performance.now() - startedAt) * 1e6) / callsPerRound;
}

const endpoints = Object.entries(candidates).map(([name, middleware]) => {
	return { name, endpoint: scoped(middleware(bare, Bench.read), Bench.read), times: [] as number[] };
});
// In turn, so that what else the machine does meets all alike; the first rounds warm up.
for (let round = -3; round < rounds; round++) {
	for (const { endpoint, times } of endpoints) {
		const nanoseconds = await measure(endpoint);
		if (round >= 0) times.push(nanoseconds);
	}
}

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
const base = median(endpoints[0]?.times ?? []);
console.log(
	`Node ${process.version}; the bare endpoint takes ${base.toFixed(0)} ns; medians of ${rounds} rounds`,
);
for (const { name, times } of endpoints.slice(1)) {
	console.log(`${name.padEnd(20)} +${(median(times) - base).toFixed(0).padStart(5)} ns`);
}
