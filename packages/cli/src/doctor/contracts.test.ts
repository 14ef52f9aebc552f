import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contract, method } from "@allium/core";
import { afterEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { Patient, Shop, shop } from "./fixtures/patient.ts";

const patient = new Patient();

const Wider = contract(
	"shop",
	{ list: method({ output: z.object({ name: z.string() }), effect: "read" }), add: method({}) },
	{ version: "1.1.0" },
);
const Broken = contract(
	"shop",
	{ list: method({ output: z.object({ name: z.int() }), effect: "read" }) },
	{ version: "2.0.0" },
);

describe("contracts of one service", () => {
	test("that break callers are told", async () => {
		await patient.serve(Shop, shop);
		await patient.serve(Broken, { list: async () => ({ name: 1 }) });
		const { code, findings } = await patient.found("contracts");
		expect([code, findings]).toEqual([
			1,
			[
				{
					examination: "contracts",
					state: "wrong",
					says: "shop is served in the versions 1.0.0 and 2.0.0, and callers of the older break at the newer",
					remedy: "serve the newer under a name of its own, such as shop.v2, or stop one of them",
					details: ["the response of list may hold more: name is integer where string is known"],
				},
			],
		]);
	});

	test("that break nobody are well", async () => {
		await patient.serve(Shop, shop);
		await patient.serve(Wider, { ...shop, add: async () => ({}) });
		const { code, findings } = await patient.found("contracts");
		expect([code, findings]).toEqual([
			0,
			[
				expect.objectContaining({
					state: "ok",
					says: "shop is served in the versions 1.0.0 and 1.1.0, which breaks no caller, of which only the newer has add",
				}),
			],
		]);
	});
});

describe("the contracts that clients expect", () => {
	const expecting = (type: string): string[] => {
		const source = `import { contract, method } from "@allium/core";
import * as z from "zod";
export const Shop = contract("shop", { list: method({ output: z.object({ name: z.${type}() }), effect: "read" }) });`;
		const file = join(new URL("../fixtures", import.meta.url).pathname, `expected-${process.pid}-${type}.ts`);
		writeFileSync(file, source);
		return ["--expect", file];
	};
	afterEach(() => {
		for (const type of ["string", "boolean"]) {
			rmSync(join(new URL("../fixtures", import.meta.url).pathname, `expected-${process.pid}-${type}.ts`), {
				force: true,
			});
		}
	});

	test("are served as expected, or not", async () => {
		await patient.serve(Shop, shop);
		expect(await patient.found("contracts", expecting("string"))).toMatchObject({
			code: 0,
			findings: [{ state: "ok", says: "shop is served as expected" }],
		});
		expect(await patient.found("contracts", expecting("boolean"))).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: "shop is not served as expected: clients break at it",
					details: ["the response of list may hold more: name is string where boolean is known"],
				},
			],
		});
	});

	test("are told when nobody serves them, and when the file has none", async () => {
		expect(await patient.found("contracts", expecting("string"))).toMatchObject({
			code: 1,
			findings: [{ says: "shop is expected, and no instance serves it", remedy: "start shop" }],
		});
		writeFileSync(join(patient.folder, "empty.js"), "export const nothing = 1;");
		expect(await patient.found("contracts", ["--expect", "empty.js"])).toMatchObject({
			code: 1,
			findings: [{ says: "empty.js exports no contract" }],
		});
	});
});
