import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { projectFiles } from "./project-files.ts";
import { templates } from "./templates.ts";

function manifestOf(url: string): Record<string, Record<string, string>> {
	return JSON.parse(readFileSync(new URL(url, import.meta.url), "utf8"));
}

describe.each(templates)("the template $name", ({ name: template }) => {
	const files = projectFiles(template, "shop-orders");
	const text = (path: string): string => files.get(path) ?? "";

	test("has all that a service begins with", () => {
		const expected = [".gitignore", "README.md", "contract.ts", "main.ts", "package.json", "tsconfig.json"];
		expect([...files.keys()]).toEqual(expect.arrayContaining([...expected, "service.ts", "service.test.ts"]));
	});

	test("takes the name of the service everywhere", () => {
		expect(JSON.parse(text("package.json")).name).toBe("shop-orders");
		expect(text("contract.ts")).toContain('export const ShopOrders = contract(\n\t"shop-orders",');
		expect(text("main.ts")).toContain('allium({ name: "shop-orders" })');
		expect([...files.values()].join("")).not.toMatch(/new-?service/i);
	});

	test("does not call the contract by a name that its code uses already", () => {
		const contract = projectFiles(template, "service").get("contract.ts");
		expect(contract).toContain('export const ServiceContract = contract(\n\t"service",');
	});

	test("pins the versions that this repository is tested with", () => {
		const { dependencies, devDependencies } = JSON.parse(text("package.json"));
		const version = manifestOf("../../package.json").version;
		const {
			zod,
			vitest,
			typescript,
			"@types/node": node,
		} = manifestOf("../../../../package.json").devDependencies ?? {};
		expect(dependencies).toEqual({ allium: version, zod });
		expect(devDependencies).toEqual({
			"@allium/testing": version,
			"@types/node": node,
			typescript,
			vitest,
		});
	});

	test("is not for a service that is called like a package it needs", () => {
		expect(() => projectFiles(template, "zod")).toThrow("it needs the package of that name");
	});
});
