import {
	bulkhead,
	cache,
	circuitBreaker,
	concurrencyLimit,
	fallback,
	hedge,
	leastLoaded,
	only,
	outlierEjection,
	peakEwma,
	RetryBudget,
	rateLimit,
	retry,
	roundRobin,
	ServiceError,
	singleFlight,
	slowStart,
	timeout,
} from "@allium/core";
import type { SimulatedNode, World } from "@allium/testing/simulation";
import type { Figure } from "./figure.ts";
import { layers, type Scene, type Stop, usualWork, within } from "./scene.ts";

const exponential = (mean: number): number => -Math.log(1 - Math.random()) * mean;
const unavailable = (): ServiceError => new ServiceError({ code: "unavailable" });

/** One answer in a hundred never comes. */
const hangs: Scene = {
	handle: ({ node, ctx }) => (Math.random() < 0.01 ? new Promise(() => {}) : node.work(usualWork(), ctx)),
};

const timeouts: Figure = {
	title: "One handler in 100 never ends",
	columns: ["answered", "p50", "p99"],
	rows: {
		"no timeout": { ...hangs, client: () => layers({ middleware: [] }) },
		"timeout(1_000)": { ...hangs, client: () => layers({ middleware: [timeout(1_000)] }) },
	},
};

/** A caller that gives up, and a service that can do a little less than is asked. */
const hurried = (handle: Scene["handle"]): Scene => ({
	instances: 1,
	perSecond: 150,
	...(handle && { handle }),
	call: (shop) => shop.price({ id: "tea" }, within(200)),
});

const cancellation: Figure = {
	title: "Callers give up after 200 ms; 150 calls a second where 133 can be served",
	columns: ["answered", "p50", "p99"],
	rows: {
		"the handler goes on": hurried(({ node }) => node.work(30)),
		"the handler heeds its context": hurried(({ node, ctx }) => node.work(30, ctx)),
	},
};

/** What fails now and then, wherever it is asked for. */
const flaky: Scene = {
	handle: async ({ node, ctx }) => {
		await node.work(usualWork(), ctx);
		if (Math.random() < 0.05) throw unavailable();
	},
};

const retries: Figure = {
	title: "One answer in 20 is `unavailable`",
	columns: ["answered", "p50", "p99", "attempts"],
	rows: {
		"no retry": { ...flaky, client: () => layers({ middleware: [timeout(1_000)] }) },
		"retry()": flaky,
	},
};

const down: Scene = {
	perSecond: 1_000,
	handle: async ({ node, ctx }) => {
		await node.work(1, ctx);
		throw unavailable();
	},
};

const budgets: Figure = {
	title: "Every answer is `unavailable`, at 1,000 calls a second",
	columns: ["answered", "attempts"],
	rows: {
		"3 attempts, no budget": {
			...down,
			client: () =>
				layers({ middleware: [timeout(1_000), retry({ budget: new RetryBudget({ ratio: 10 }) })] }),
		},
		"retry()": down,
	},
};

const crashes = async (world: World, instances: readonly SimulatedNode[]): Promise<void> => {
	for (const instance of [...instances, ...instances, ...instances]) {
		await world.sleep(500);
		instance.crash();
		await world.sleep(500);
		await instance.restart();
	}
};

const writes: Scene = { call: (shop, n) => shop.buy({ id: `${n}` }), trouble: crashes };

const failover: Figure = {
	title: "One of three instances crashes each second, and is back half a second later; all calls are writes",
	columns: ["answered", "p99", "handled"],
	rows: {
		"no retry": { ...writes, client: () => layers({ middleware: [timeout(1_000)] }) },
		"retry()": writes,
	},
};

/** Most answers are quick; one in 50 takes long, wherever it is asked for. */
const tail: Scene = {
	handle: ({ node, ctx }) => node.work(Math.random() < 0.02 ? 200 : usualWork(), ctx),
	cores: 16,
};

const hedging: Figure = {
	title: "One answer in 50 takes 200 ms",
	columns: ["answered", "p50", "p99", "attempts"],
	rows: {
		"no hedge": tail,
		"hedge()": { ...tail, client: () => layers({ middleware: [timeout(1_000), retry(), hedge()] }) },
	},
};

/** From the fifth second to the fiftieth, answers take 800 ms and fail. */
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

const breakers: Figure = {
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

/** Prices are quick; purchases take half a second of the processor, and there are too many of them. */
const twoKinds: Scene = {
	instances: 1,
	perSecond: 100,
	handle: ({ node, ctx, method }) => node.work(method === "buy" ? 500 : 2, ctx),
	call: (shop, n) => (n % 4 === 0 ? shop.buy({ id: "tea" }) : shop.price({ id: "tea" })),
	measured: (n) => n % 4 !== 0,
};

const bulkheads: Figure = {
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

/** One tenant asks for twice of what can be served, another for a fifth of it. */
const tenants: Scene = {
	instances: 1,
	cores: 1,
	perSecond: 220,
	handle: ({ node, ctx }) => node.work(10, ctx),
	call: (shop, n) => shop.price({ id: n % 11 === 0 ? "quiet" : "noisy" }),
	measured: (n) => n % 11 === 0,
};

const rates: Figure = {
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

/** Three times as many calls as can be served; work is done although nobody waits for it. */
const overload: Scene = {
	instances: 1,
	perSecond: 600,
	forMs: 20_000,
	handle: ({ node }) => node.work(exponential(20)),
};

const sheds: Figure = {
	title: "600 calls a second where 200 can be served",
	columns: ["answered", "p50", "p99"],
	rows: {
		"no concurrencyLimit": overload,
		"concurrencyLimit()": { ...overload, server: () => [concurrencyLimit()] },
	},
};

const slowOne: Scene = {
	trouble: async (world, [first]) => {
		await world.sleep(1_000);
		first?.slow(50);
	},
};

const balancing: Figure = {
	title: "One of three instances becomes 50 times as slow",
	columns: ["answered", "p50", "p99"],
	rows: {
		"roundRobin()": { ...slowOne, client: () => layers({ balancer: roundRobin() }) },
		"leastLoaded()": { ...slowOne, client: () => layers({ balancer: leastLoaded() }) },
		"peakEwma()": slowOne,
	},
};

/** One of three instances comes up cold. */
function cold(): Scene {
	const served = new Map<string, number>();
	return {
		cores: 2,
		forMs: 40_000,
		handle({ node, ctx }) {
			const before = served.get(node.name) ?? 0;
			served.set(node.name, before + 1);
			const isCold = node.name === "shop-3" && before < 300;
			return node.work(isCold ? 25 : 2, ctx);
		},
		async trouble(world, instances) {
			const late = instances[2];
			late?.crash();
			await world.sleep(10_000);
			await late?.restart();
		},
	};
}

const slowStarts: Figure = {
	title: "An instance comes up cold: its first 300 calls take 25 ms instead of 2",
	columns: ["answered", "p50", "p99"],
	rows: {
		"roundRobin()": { ...cold(), client: () => layers({ balancer: roundRobin() }) },
		"slowStart(roundRobin())": { ...cold(), client: () => layers({ balancer: slowStart(roundRobin()) }) },
		"peakEwma()": cold(),
	},
};

/** One of five instances fails at once; so it has little to do, and looks the best of all. */
const liar: Scene = {
	instances: 5,
	forMs: 20_000,
	handle: async ({ node, ctx }) => {
		if (node.name === "shop-1") throw new ServiceError({ code: "internal" });
		await node.work(usualWork(), ctx);
	},
};

const ejection: Figure = {
	title: "One of five instances fails every call at once",
	columns: ["answered", "p99"],
	rows: {
		"roundRobin()": { ...liar, client: () => layers({ balancer: roundRobin() }) },
		"peakEwma()": liar,
		"outlierEjection(peakEwma())": {
			...liar,
			client: () => layers({ balancer: outlierEjection(peakEwma()) }),
		},
	},
};

/** Prices of 20 things, asked for more often than can be worked out. */
const popular: Scene = {
	instances: 1,
	perSecond: 400,
	handle: ({ node, ctx }) => node.work(20, ctx),
	call: (shop, n) => shop.price({ id: `thing ${n % 20}` }),
};

const caching: Figure = {
	title: "400 calls a second for the prices of 20 things, where 200 can be worked out",
	columns: ["answered", "p50", "p99", "handled"],
	rows: {
		neither: popular,
		"singleFlight()": {
			...popular,
			client: () => layers({ middleware: [singleFlight(), timeout(1_000), retry()] }),
		},
		"cache({ ttlMs: 1_000 })": {
			...popular,
			client: () => layers({ middleware: [cache({ ttlMs: 1_000 }), timeout(1_000), retry()] }),
		},
	},
};

const fallbacks: Figure = {
	title: "All instances crash for 3 s of 10",
	columns: ["answered", "p99"],
	rows: Object.fromEntries(
		(["no fallback", "fallback(() => …)"] as const).map((name) => {
			const scene: Scene = {
				client: () => {
					const inner = [timeout(1_000), retry()];
					return layers({ middleware: name === "no fallback" ? inner : [fallback(() => ({})), ...inner] });
				},
				async trouble(world, instances) {
					await world.sleep(3_000);
					for (const instance of instances) instance.crash();
					await world.sleep(3_000);
					await Promise.all(instances.map((instance) => instance.restart()));
				},
			};
			return [name, scene];
		}),
	),
};

const registry = (milliseconds: number): Scene => ({
	forMs: milliseconds + 20_000,
	perSecond: 50,
	async trouble(world) {
		await world.sleep(2_000);
		world.registry.crash({ silent: true });
		await world.sleep(milliseconds);
		await world.registry.restart();
	},
});

const outages: Figure = {
	title: "The registry is away",
	columns: ["answered", "p50", "p99"],
	rows: {
		"for 3 s": registry(3_000),
		"for a minute, 12 times as long as a registration lasts": registry(60_000),
	},
};

/** All three instances are replaced, one after the other. */
const replaced = (end: (instance: SimulatedNode, stop: Stop) => Promise<unknown>): Scene => ({
	call: (shop, n) => shop.buy({ id: `${n}` }),
	handle: ({ node, ctx }) => node.work(exponential(50), ctx),
	cores: 32,
	async trouble(world, instances, stop) {
		for (const instance of instances) {
			await world.sleep(2_000);
			await end(instance, stop);
			await instance.restart();
		}
	},
});

const drains: Figure = {
	title: "All instances are replaced, one by one; all calls are writes of 50 ms",
	columns: ["answered", "p99", "handled"],
	rows: {
		"they are killed": replaced(async (instance) => instance.crash()),
		"they drain": replaced((instance, stop) => stop(instance)),
	},
};

/** All figures, in the order of the guide. */
export const figures: readonly Figure[] = [
	timeouts,
	cancellation,
	retries,
	budgets,
	failover,
	hedging,
	breakers,
	bulkheads,
	rates,
	sheds,
	balancing,
	slowStarts,
	ejection,
	caching,
	fallbacks,
	outages,
	drains,
];
