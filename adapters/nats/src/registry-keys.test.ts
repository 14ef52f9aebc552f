import type { Instance } from "@allium/core";
import { describe, expect, test } from "vitest";
import { instanceOf, keyPart, keysOf, recordKeys } from "./registry-keys.ts";

function instance(change: Partial<Instance>): Instance {
	return {
		id: "i1",
		app: "shop",
		namespace: "default",
		addresses: [],
		services: [],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "",
		...change,
	};
}

const service = (name: string) => ({ name, version: "1.0.0", hash: "h" });

describe("a part of a key", () => {
	test.each([
		["orders", "orders"],
		["add.v2", "add=2Ev2"],
		["a b", "a=20b"],
		["*", "=2A"],
		[">", "=3E"],
		["=2A", "=3D2A"],
		["", "="],
		["ü", "=C3=BC"],
	])("says %j as %j", (name, part) => {
		expect(keyPart(name)).toBe(part);
	});

	test("is different for different names, short, and of letters that subjects take", () => {
		const names = [
			"",
			"=",
			"=none",
			"none",
			".",
			"..",
			"a.b",
			"a/b",
			"a\r\nPUB x 0",
			"🧅",
			"🧄",
			"\0",
			"*",
			">",
		];
		const long = ["x".repeat(4096), "x".repeat(4095), ".".repeat(4096), "🧅".repeat(1024)];
		const parts = [...names, ...long].map(keyPart);
		expect(new Set(parts).size).toBe(parts.length);
		for (const part of parts) expect(part).toMatch(/^[A-Za-z0-9_=-]{1,200}$/);
	});
});

describe("the keys of an instance", () => {
	test("are one for each service that it serves", () => {
		const services = [service("orders"), service("stock"), service("orders")];
		expect(recordKeys(instance({ services }))).toEqual(["default.orders.i1", "default.stock.i1"]);
	});

	test("are one where it serves nothing, and no service has that key", () => {
		const [key] = recordKeys(instance({}));
		expect(key).toBe("default.=none.i1");
		expect(recordKeys(instance({ services: [service("=none")] }))).not.toEqual([key]);
	});

	test("share what names the instance", () => {
		const keys = recordKeys(instance({ namespace: "a.b", services: [service("x"), service("y")] }));
		expect(new Set(keys.map(instanceOf))).toEqual(new Set(["a=2Eb.i1"]));
	});
});

test.each([
	[{}, "*.*.*"],
	[{ namespace: "default" }, "default.*.*"],
	[{ service: "add.v2" }, "*.add=2Ev2.*"],
	[{ namespace: "*", service: ">" }, "=2A.=3E.*"],
])("the filter %j lets the keys %j through", (filter, keys) => {
	expect(keysOf(filter)).toBe(keys);
});
