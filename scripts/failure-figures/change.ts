import { checker, ServiceError } from "@allium/core";
import type { SimulatedNode } from "@allium/testing/simulation";
import type { Figure } from "./figure.ts";
import { exponential, type Scene, type Stop, usualWork } from "./scene.ts";

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

export const outages: Figure = {
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

export const drains: Figure = {
	title: "All instances are replaced, one by one; all calls are writes of 50 ms",
	columns: ["answered", "p99", "handled"],
	rows: {
		"they are killed": replaced(async (instance) => instance.crash()),
		"they drain": replaced((instance, stop) => stop(instance)),
	},
};

/** One of five instances loses its database after five seconds. Each of the others has a database of its own. */
function withoutDatabase(): Scene & { readonly lost: Set<string> } {
	const lost = new Set<string>();
	return {
		lost,
		instances: 5,
		forMs: 30_000,
		handle: async ({ node, ctx }) => {
			if (lost.has(node.name)) throw new ServiceError({ code: "internal" });
			await node.work(usualWork(), ctx);
		},
		async trouble(world) {
			lost.clear();
			await world.sleep(5_000);
			lost.add("shop-1");
		},
	};
}

const checked = withoutDatabase();

export const health: Figure = {
	title: "One of five instances loses its database, and fails every call",
	columns: ["answered", "p99"],
	rows: {
		"no checker": withoutDatabase(),
		'checker("database", …)': {
			...checked,
			checkers: (node) => [
				checker("database", async () => {
					if (checked.lost.has(node.name)) throw new Error("no database");
				}),
			],
		},
	},
};
