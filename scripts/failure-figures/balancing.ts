import { leastLoaded, outlierEjection, peakEwma, roundRobin, ServiceError, slowStart } from "@allium/core";
import type { Figure } from "./figure.ts";
import { layers, type Scene, usualWork } from "./scene.ts";

const slowOne: Scene = {
	trouble: async (world, [first]) => {
		await world.sleep(1_000);
		first?.slow(50);
	},
};

export const balancing: Figure = {
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
			served.clear();
			const late = instances[2];
			late?.crash();
			await world.sleep(10_000);
			await late?.restart();
		},
	};
}

export const slowStarts: Figure = {
	title: "An instance comes up cold: its first 300 calls take 25 ms instead of 2",
	columns: ["answered", "p50", "p99"],
	rows: {
		"roundRobin()": { ...cold(), client: () => layers({ balancer: roundRobin() }) },
		"slowStart(roundRobin())": { ...cold(), client: () => layers({ balancer: slowStart(roundRobin()) }) },
		"peakEwma()": cold(),
	},
};

/** One of five instances fails at once. It therefore has little to do, and looks the best of all. */
const liar: Scene = {
	instances: 5,
	forMs: 20_000,
	handle: async ({ node, ctx }) => {
		if (node.name === "shop-1") throw new ServiceError({ code: "internal" });
		await node.work(usualWork(), ctx);
	},
};

export const ejection: Figure = {
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
