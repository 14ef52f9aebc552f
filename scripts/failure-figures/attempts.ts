import { hedge, RetryBudget, retry, ServiceError, timeout } from "@allium/core";
import type { SimulatedNode, World } from "@allium/testing/simulation";
import type { Figure } from "./figure.ts";
import { layers, type Scene, usualWork, within } from "./scene.ts";

const unavailable = (): ServiceError => new ServiceError({ code: "unavailable" });

/** One answer in a hundred never comes. */
const hangs: Scene = {
	handle: ({ node, ctx }) => (Math.random() < 0.01 ? new Promise(() => {}) : node.work(usualWork(), ctx)),
};

export const timeouts: Figure = {
	title: "One handler in 100 never ends",
	columns: ["answered", "p50", "p99"],
	rows: {
		"no timeout": { ...hangs, client: () => layers({ middleware: [] }) },
		"timeout(1_000)": { ...hangs, client: () => layers({ middleware: [timeout(1_000)] }) },
	},
};

/** A caller that gives up, and a service that can do a little less than is requested. */
const hurried = (handle: Scene["handle"]): Scene => ({
	instances: 1,
	perSecond: 150,
	...(handle && { handle }),
	call: (shop) => shop.price({ id: "tea" }, within(200)),
});

export const cancellation: Figure = {
	title: "Callers give up after 200 ms; 150 calls a second where 133 can be served",
	columns: ["answered", "p50", "p99"],
	rows: {
		"the handler goes on": hurried(({ node }) => node.work(30)),
		"the handler heeds its context": hurried(({ node, ctx }) => node.work(30, ctx)),
	},
};

/** Calls that fail now and then, on every instance. */
const flaky: Scene = {
	handle: async ({ node, ctx }) => {
		await node.work(usualWork(), ctx);
		if (Math.random() < 0.05) throw unavailable();
	},
};

export const retries: Figure = {
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

export const budgets: Figure = {
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

export const failover: Figure = {
	title: "One of three instances crashes each second, and is back half a second later; all calls are writes",
	columns: ["answered", "p99", "handled"],
	rows: {
		"no retry": { ...writes, client: () => layers({ middleware: [timeout(1_000)] }) },
		"retry()": writes,
	},
};

/** Most answers are quick. One in 50 takes long, on every instance. */
const tail: Scene = {
	handle: ({ node, ctx }) => node.work(Math.random() < 0.02 ? 200 : usualWork(), ctx),
	cores: 16,
};

export const hedging: Figure = {
	title: "One answer in 50 takes 200 ms",
	columns: ["answered", "p50", "p99", "attempts"],
	rows: {
		"no hedge": tail,
		"hedge()": { ...tail, client: () => layers({ middleware: [timeout(1_000), retry(), hedge()] }) },
	},
};
