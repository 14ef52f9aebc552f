import { cache, fallback, retry, singleFlight, timeout } from "@allium/core";
import type { Figure } from "./figure.ts";
import { layers, type Scene } from "./scene.ts";

/** The prices of 20 things, requested more often than the service can compute them. */
const popular: Scene = {
	instances: 1,
	perSecond: 400,
	handle: ({ node, ctx }) => node.work(20, ctx),
	call: (shop, n) => shop.price({ id: `thing ${n % 20}` }),
};

export const caching: Figure = {
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

export const fallbacks: Figure = {
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
