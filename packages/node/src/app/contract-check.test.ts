import {
	type AnyContract,
	contract,
	type Logger,
	memoryRegistry,
	method,
	type Registry,
	type Service,
} from "@allium/core";
import { afterEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";
import type { App } from "./app-type.ts";

const answer = z.object({ id: z.string() });
const Shop = contract(
	"shop",
	{ buy: method({ output: answer }), list: method({ output: answer }) },
	{ version: "1.0.0" },
);
const Other = contract("shop", { buy: method({ output: z.object({ id: z.int() }) }) }, { version: "9.0.0" });
const Compatible = contract(
	"shop",
	{
		buy: method({ output: answer.extend({ note: z.string() }) }),
		list: method({ output: answer }),
		added: method({}),
	},
	{ version: "1.1.0" },
);
const shop = { buy: async () => ({ id: "1" }), list: async () => ({ id: "1" }) };
const other = { buy: async () => ({ id: 1 }) };
const compatible = { ...shop, buy: async () => ({ id: "1", note: "" }), added: async () => ({}) };

const apps: App[] = [];
afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
});

/** An app, and the warnings that it logs. */
function made(registry: Registry) {
	const warnings: [message: string, fields: unknown][] = [];
	const logger: Logger = {
		log: (level, message, fields) => void (level === "warn" && warnings.push([message, fields])),
	};
	const app = createApp({ name: "shop", registry, env: {}, drainDelayMs: 0, logger });
	apps.push(app);
	return { app, warnings };
}

async function serve<C extends AnyContract>(registry: Registry, served: C, service: Service<C>) {
	const { app, warnings } = made(registry);
	app.serve(served, service);
	await app.start();
	return warnings;
}

test("a service that starts beside another contract of its name warns once, with what differs", async () => {
	const registry = memoryRegistry();
	for (let instances = 0; instances < 2; instances++) await serve(registry, Shop, shop);
	const warnings = await serve(registry, Other, other);
	await vi.waitFor(() => expect(warnings).not.toEqual([]), { timeout: 5_000 });
	expect(warnings).toEqual([
		[
			"two contracts are served under one name, and callers of one break at the other",
			{
				service: "shop",
				older: "1.0.0",
				newer: "9.0.0",
				differences: [
					"the response of buy may hold more: id is integer where string is known",
					"list is missing",
				],
				added: [],
			},
		],
	]);
});

test("a client warns once where the instances that it calls serve another contract, and not of compatible ones", async () => {
	const registry = memoryRegistry();
	await serve(registry, Compatible, compatible);
	const { app, warnings } = made(registry);
	const client = app.client(Shop);
	await client.buy({});
	await serve(registry, Other, other);
	const message = "a client's contract differs from that of the instances that it calls";
	await vi.waitFor(
		async () => {
			await client.buy({});
			expect(warnings).not.toEqual([]);
		},
		{ timeout: 10_000, interval: 50 },
	);
	expect(warnings).toEqual([
		[message, expect.objectContaining({ service: "shop", expected: "1.0.0", served: "9.0.0" })],
	]);
});

test("a start describes each schema once, and not once more for each use", async () => {
	const converted = vi.fn(() => ({ type: "object" }));
	const standard = answer["~standard"];
	const counted = { "~standard": { ...standard, jsonSchema: { input: converted, output: converted } } };
	const Counted = contract("counted", { buy: method({ output: counted }) });
	const checks = converted.mock.calls.length;
	await serve(memoryRegistry(), Counted, { buy: async () => ({ id: "1" }) });
	expect(converted).toHaveBeenCalledTimes(checks + 1);
});
