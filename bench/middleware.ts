// Measures the cost of each middleware of the core: nanoseconds per served call, compared with a call without it, all
// in one run.
// node --conditions=@allium/source bench/middleware.ts

import { Endpoints, noMetadata } from "@allium/core";
import { ServerCall } from "@allium/core/transport";
import { startTelemetry } from "@allium/telemetry";
import {
	authorize,
	bulkhead,
	cache,
	circuitBreaker,
	concurrencyLimit,
	contract,
	fallback,
	hedge,
	logging,
	type Middleware,
	method,
	metrics,
	rateLimit,
	retry,
	silentLogger,
	singleFlight,
	timeout,
	tracing,
} from "allium";
import * as z from "zod";

const Bench = contract("bench", {
	read: method({ input: z.object({ a: z.int(), b: z.int() }), effect: "read" }),
});

/** Middleware that costs something only when an SDK is registered. It is measured without one, and then with one. */
const telemetry: Record<string, Middleware> = {
	"tracing, server": tracing("server"),
	"tracing, client": tracing("client"),
	metrics: metrics("server"),
};

const candidates: Record<string, Middleware> = {
	...telemetry,
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

/** A service behind a middleware, as transports call it. */
function served(middleware: Middleware): Endpoints {
	const endpoints = new Endpoints({ middleware: [] });
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

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;

/** Measures the middleware in turn, so that other load on the machine affects all alike. Prints what each adds. */
async function compare(middleware: Record<string, Middleware>): Promise<void> {
	const all = { nothing: (next) => next, ...middleware } satisfies Record<string, Middleware>;
	const entries = Object.entries(all).map(([name, each]) => {
		return { name, endpoints: served(each), times: [] as number[] };
	});
	// The first rounds warm up.
	for (let round = -3; round < rounds; round++) {
		for (const { endpoints, times } of entries) {
			const nanoseconds = await measure(endpoints);
			if (round >= 0) times.push(nanoseconds);
		}
	}
	const base = median(entries[0]?.times ?? []);
	console.log(
		`Node ${process.version}; a call without any takes ${base.toFixed(0)} ns; medians of ${rounds} rounds`,
	);
	for (const { name, times } of entries.slice(1)) {
		console.log(`${name.padEnd(20)} +${(median(times) - base).toFixed(0).padStart(5)} ns`);
	}
}

await compare(candidates);
console.log("\nWith an SDK whose exporter throws spans away:");
const nowhere = {
	export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
	async shutdown() {},
};
await using _sdk = startTelemetry({ name: "bench", traces: nowhere });
await compare(telemetry);
