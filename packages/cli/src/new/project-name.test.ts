import { describe, expect, test } from "vitest";
import { checkProjectName, contractName } from "./project-name.ts";

describe("the name of a new service", () => {
	test.each(["shop", "shop-orders", "billing.v2", "a1_b"])("may be %s", (name) => {
		expect(() => checkProjectName(name)).not.toThrow();
	});

	test.each([
		["Shop", "shop"],
		["shopOrders", "shop-orders"],
		["shop orders!", "shop-orders"],
		["-shop", "shop"],
	])("may not be %j, and one that may is suggested", (name, suggested) => {
		expect(() => checkProjectName(name)).toThrow(new RegExp(`Did you mean ${suggested}\\?$`));
	});

	test.each(["", "1", "...", "ä", "a".repeat(101)])("may not be %j", (name) => {
		expect(() => checkProjectName(name)).toThrow(/cannot be called .*begins with a lower-case letter/);
	});

	test("may not be one that JavaScript looks up by itself", () => {
		expect(() => checkProjectName("then")).toThrow(/reserved by JavaScript/);
	});
});

test.each([
	["shop", "Shop"],
	["shop-orders.v2", "ShopOrdersV2"],
])("the contract of %s is called %s", (name, contract) => {
	expect(contractName(name)).toBe(contract);
});
