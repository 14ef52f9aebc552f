import type { Instance } from "@allium/core";

/** An instance of the service `cart`. */
export function instance(id: string, change: Partial<Instance> = {}): Instance {
	return {
		id,
		app: "shop",
		namespace: "one",
		addresses: [`allium://127.0.0.1:4000/${id}`],
		services: [{ name: "cart", version: "1.0.0", hash: "c0ffee" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "2026-01-01T00:00:00.000Z",
		...change,
	};
}
