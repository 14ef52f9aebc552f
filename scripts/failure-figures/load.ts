import {
	bulkhead,
	circuitBreaker,
	concurrencyLimit,
	only,
	rateLimit,
	retry,
	ServiceError,
	timeout,
} from "@allium/core";
import type { Figure } from "./figure.ts";
import { exponential, layers, type Scene, usualWork } from "./scene.ts";

/** From the fifth second to the fiftieth, answers take 800 ms and then fail. */
function sick(): Scene {
	let isSick = false;
	return {
		cores: 1_000,
		handle: async ({ node, ctx }) => {
			await node.work(isSick ? 800 : usualWork(), ctx);
			if (isSick) throw new ServiceError({ code: "internal" });
		},
		async trouble(world) {
			await world.sleep(5_000);
			isSick = true;
			await world.sleep(45_000);
			isSick = false;
		},
	};
}

export const breakers: Figure = {
	title: "For 45 s of 60 every call takes 800 ms and fails",
	columns: ["answered", "p50", "p99", "handled"],
	rows: {
		"no circuitBreaker": { ...sick(), forMs: 60_000 },
		"circuitBreaker()": {
			...sick(),
			forMs: 60_000,
			client: () => layers({ middleware: [timeout(1_000), circuitBreaker(), retry()] }),
		},
	},
};

/** Prices are quick. Purchases take half a second of the processor, and there are too many of them. */
const twoKinds: Scene = {
	instances: 1,
	perSecond: 100,
	handle: ({ node, ctx, method }) => node.work(method === "buy" ? 500 : 2, ctx),
	call: (shop, n) => (n % 4 === 0 ? shop.buy({ id: "tea" }) : shop.price({ id: "tea" })),
	measured: (n) => n % 4 !== 0,
};

export const bulkheads: Figure = {
	title: "75 prices a second share an instance of 4 cores with 25 purchases of 500 ms; the prices",
	columns: ["answered", "p50"],
	rows: {
		"no bulkhead": twoKinds,
		'only("buy", bulkhead({ concurrency: 2 }))': {
			...twoKinds,
			server: () => [only("buy", bulkhead({ concurrency: 2 }))],
		},
	},
};

/** One tenant requests twice what can be served, another a fifth of it. */
const tenants: Scene = {
	instances: 1,
	cores: 1,
	perSecond: 220,
	handle: ({ node, ctx }) => node.work(10, ctx),
	call: (shop, n) => shop.price({ id: n % 11 === 0 ? "quiet" : "noisy" }),
	measured: (n) => n % 11 === 0,
};

export const rates: Figure = {
	title: "One tenant makes 200 calls a second, another 20; 100 can be served; the second",
	columns: ["answered", "p50"],
	rows: {
		"no rateLimit": tenants,
		"rateLimit({ perSecond: 40, key })": {
			...tenants,
			server: () => [rateLimit({ perSecond: 40, key: (_, __, input) => (input as { id: string }).id })],
		},
	},
};

/** Three times as many calls as can be served. The service works on calls even if nobody waits for them. */
const overload: Scene = {
	instances: 1,
	perSecond: 600,
	forMs: 20_000,
	handle: ({ node }) => node.work(exponential(20)),
};

export const sheds: Figure = {
	title: "600 calls a second where 200 can be served",
	columns: ["answered", "p50", "p99"],
	rows: {
		"no concurrencyLimit": overload,
		"concurrencyLimit()": { ...overload, server: () => [concurrencyLimit()] },
	},
};
