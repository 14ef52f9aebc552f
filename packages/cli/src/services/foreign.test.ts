import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, method, type Registry, silentLogger } from "@allium/core";
import { keepRegistered, type Registration } from "@allium/core/registry";
import { createApp, openRegistry } from "@allium/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allium } from "../fixtures/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "allium-foreign-"));
const env = { ALLIUM_REGISTRY: `sqlite://${folder}/registry` };
let registry: Registry;
let registration: Registration;

beforeAll(async () => {
	registry = await openRegistry(env.ALLIUM_REGISTRY);
	const payments = {
		id: "node-1/payments",
		app: "payments",
		namespace: "default",
		addresses: ["http://127.0.0.1:1"],
		services: [{ name: "payments", version: "", hash: "" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "2026-01-01T00:00:00.000Z",
		foreign: true,
	} as const;
	registration = await keepRegistered(registry, payments, { logger: silentLogger });
});
afterAll(async () => {
	await registration.release();
	await registry.close();
	rmSync(folder, { recursive: true });
});

test("a plain web service is listed as foreign", async () => {
	expect((await allium(["services"], env)).stdout).toMatch(
		/^payments +1 +http:\/\/127\.0\.0\.1:1 \(foreign\) +payments/m,
	);
	const [{ instances }] = JSON.parse((await allium(["services", "--json"], env)).stdout);
	expect(instances).toMatchObject([{ id: "node-1/payments", foreign: true }]);
});

test("it is not asked for contracts, and the error says why", async () => {
	const { code, stderr } = await allium(["describe", "payments"], env);
	expect(code).toBe(3);
	expect(stderr).toContain('"payments" is foreign in sqlite:');
	expect(stderr).toContain("a plain web service, which knows no contracts");
	expect(stderr).toContain("curl http://127.0.0.1:1");
});

test("the word of the registry counts for its health", async () => {
	expect((await allium(["health"], env)).code).toBe(0);
});

test("what a registry of mere addresses lists is foreign where something else than Allium answers", async () => {
	const plain = createServer((_, response) => void response.writeHead(404).end("no such page"));
	await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
	const address = plain.address();
	const port = typeof address === "object" ? address?.port : undefined;
	const app = createApp({
		name: "shop",
		env: {},
		registry,
		host: "127.0.0.1",
		drainDelayMs: 0,
		logger: silentLogger,
	});
	app.serve(contract("shop", { open: method({}) }), { open: async () => ({}) });
	await app.start();
	const own = app.addresses.find((each) => each.startsWith("http:"));
	const listing = `static:rates=http://127.0.0.1:${port};shop=${own};away=http://127.0.0.1:1`;
	const { stdout } = await allium(["services"], { ALLIUM_REGISTRY: listing });
	await app.stop();
	plain.close();
	expect(stdout).toMatch(/^rates +1 +http:\/\/127\.0\.0\.1:\d+ \(foreign\)/m);
	expect(stdout).toMatch(/^shop +1 +http:\/\/127\.0\.0\.1:\d+ +shop/m);
	expect(stdout).toMatch(/^away +1 +http:\/\/127\.0\.0\.1:1 +away/m);
});
