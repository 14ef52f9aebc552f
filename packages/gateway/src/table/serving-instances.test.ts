import type { Instance } from "@allium/core";
import { expect, test } from "vitest";
import { ServingInstances } from "./serving-instances.ts";

function instance(id: string, ...services: string[]): Instance {
	return {
		id,
		app: "shop",
		namespace: "default",
		addresses: ["allium://127.0.0.1:1"],
		services: services.map((name) => ({ name, version: "1.0.0", hash: "1" })),
		labels: {},
		weight: 1,
		status: "up",
		startedAt: new Date(0).toISOString(),
	};
}

const ids = (instances: readonly Instance[]): string[] => instances.map(({ id }) => id);

test("instances come, change what they serve, and go", () => {
	const serving = new ServingInstances();
	expect(serving.apply({ type: "up", instance: instance("a", "cart", "stock") })).toEqual(["cart", "stock"]);
	serving.apply({ type: "up", instance: instance("b", "cart") });
	expect(ids(serving.of("cart"))).toEqual(["a", "b"]);
	expect(serving.apply({ type: "up", instance: instance("a", "orders") })).toEqual([
		"cart",
		"stock",
		"orders",
	]);
	expect([ids(serving.of("cart")), ids(serving.of("stock"))]).toEqual([["b"], []]);
	serving.apply({ type: "down", instance: instance("b", "cart") });
	expect([ids(serving.of("cart")), ids(serving.of("orders"))]).toEqual([[], ["a"]]);
});

test("a foreign instance serves no contracts", () => {
	const serving = new ServingInstances();
	const foreign = { ...instance("a", "cart"), foreign: true };
	expect(serving.apply({ type: "snapshot", instances: [foreign, instance("b", "stock")] })).toEqual([
		"stock",
	]);
	expect(serving.apply({ type: "up", instance: foreign })).toEqual([]);
	expect(ids(serving.of("cart"))).toEqual([]);
});

test("a snapshot takes the place of all that was told before", () => {
	const serving = new ServingInstances();
	serving.apply({ type: "up", instance: instance("a", "cart") });
	const changed = serving.apply({ type: "snapshot", instances: [instance("b", "stock")] });
	expect(changed).toEqual(["cart", "stock"]);
	expect([ids(serving.of("cart")), ids(serving.of("stock"))]).toEqual([[], ["b"]]);
});
