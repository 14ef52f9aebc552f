import type { Instance } from "@allium/core";
import { instanceRecord } from "@allium/core/registry";
import { expect, test } from "vitest";
import { type InstanceEntry, InstanceKeys } from "./instance-keys.ts";

function instance(weight: number): Instance {
	const place = { namespace: "default", addresses: ["allium://10.0.0.9:4000"], services: [], labels: {} };
	return { id: "a", app: "shop", ...place, weight, status: "up", startedAt: "2026-01-01T00:00:00.000Z" };
}

function key(name: string, revision: number, weight: number | undefined): InstanceEntry {
	const record = weight === undefined ? undefined : instanceRecord(instance(weight));
	return { key: name, record, revision };
}

function weights(keys: InstanceKeys): number[] {
	return Array.from(keys.records(), (record) => record.instance.weight);
}

test("an instance is up while it has a key, and the key that changed last has its record", () => {
	const keys = new InstanceKeys();
	const id = keys.put(key("cart/a", 5, 1)) ?? "";
	keys.put(key("stock/a", 6, 2));
	expect(weights(keys)).toEqual([2]);
	expect(keys.delete("stock/a", 7)).toBe(id);
	expect(keys.recordOf(id)?.instance.weight).toBe(1);
	expect(keys.put(key("cart/a", 8, undefined))).toBe(id);
	expect(keys.recordOf(id)).toBeUndefined();
	expect(weights(keys)).toEqual([]);
});

test("what is older than what is known changes nothing", () => {
	const keys = new InstanceKeys();
	keys.put(key("cart/a", 5, 5));
	keys.put(key("cart/a", 4, 4));
	keys.put(key("cart/a", 3, undefined));
	expect(keys.delete("cart/a", 4)).toBeUndefined();
	expect(weights(keys)).toEqual([5]);
	expect(keys.delete("nobody/a", 9)).toBeUndefined();
});
