import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnyContract, contract, method, type Service } from "@allium/core";
import { type App, createApp } from "@allium/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { allium } from "../fixtures/processes.ts";

const answer = z.object({ from: z.string() });
const Old = contract("shop", { list: method({ output: answer, effect: "read" }) }, { version: "1.9.0" });
const Young = contract(
	"shop",
	{ list: method({ output: answer, effect: "read" }), added: method({ output: answer }) },
	{ version: "1.10.0" },
);

const folder = mkdtempSync(join(tmpdir(), "allium-versions-"));
const env = { ALLIUM_REGISTRY: `sqlite://${folder}/registry` };
const apps: App[] = [];

async function start<C extends AnyContract>(contract: C, service: Service<C>): Promise<App> {
	const app = createApp({ name: "shop", env, drainDelayMs: 0, logger: { log() {} } });
	app.serve(contract, service);
	apps.push(app);
	await app.start();
	return app;
}

beforeAll(async () => {
	await start(Old, { list: async () => ({ from: "old" }) });
	await start(Young, { list: async () => ({ from: "new" }), added: async () => ({ from: "new" }) });
	await start(Old, { list: async () => ({ from: "old" }) });
});
afterAll(async () => {
	await Promise.all(apps.map((app) => app.stop()));
	rmSync(folder, { recursive: true });
});

test("contracts of one name that differ in what breaks callers are told beside the table; compatible ones are not", async () => {
	expect((await allium(["services"], env)).stderr).toBe("");
	const Foreign = contract(
		"shop",
		{ list: method({ output: z.object({ from: z.int() }) }) },
		{ version: "9.0.0" },
	);
	const foreign = await start(Foreign, { list: async () => ({ from: 1 }) });
	const { code, stderr } = await allium(["services"], env);
	await foreign.stop();
	expect(code).toBe(0);
	expect(stderr).toContain("shop 1.9.0 and shop 9.0.0 are served under one name");
	expect(stderr).toContain("  the response of list may hold more: from is integer where string is known\n");
});

test("a service of two versions is described by the newer one", async () => {
	const { code, stdout } = await allium(["describe", "shop"], env);
	expect([code, stdout]).toEqual([0, expect.stringMatching(/^shop 1\.10\.0\n(?:.*\n)*added {2}unary/)]);
});

test("a method that only the newer one has is called there", async () => {
	for (let calls = 0; calls < 3; calls++) {
		const { code, stdout } = await allium(["call", "shop", "added"], env);
		expect([code, stdout]).toEqual([0, '{"from":"new"}\n']);
	}
});
