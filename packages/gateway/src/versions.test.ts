import { contract, createClient, method } from "@allium/core";
import { nodeTransports } from "@allium/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { post, System } from "./fixtures/system.ts";

const answer = z.object({ from: z.string() });
const Old = contract("shop", { list: method({ output: answer, effect: "read" }) }, { version: "1.9.0" });
const Young = contract(
	"shop",
	{ list: method({ output: answer, effect: "read" }), added: method({ output: answer }) },
	{ version: "1.10.0" },
);

let system: System;
beforeEach(async () => {
	system = await System.create();
});
afterEach(() => system[Symbol.asyncDispose]());

const old = (from: string) =>
	system.serve((app) => app.serve(Old, { list: async () => ({ from }) }), undefined, { name: "shop" });
const young = (from: string) =>
	system.serve(
		(app) => app.serve(Young, { list: async () => ({ from }), added: async () => ({ from }) }),
		undefined,
		{ name: "shop" },
	);

test("with one old and two new instances every call of a new method works, over frames and HTTP", async () => {
	await young("new-1");
	await young("new-2");
	// It was started last, although it has the older version.
	await old("old");
	const url = await system.open();
	const transports = nodeTransports({ tls: undefined });
	await using client = createClient(Young, { url: url.replace("http:", "allium:"), transports });
	for (let calls = 0; calls < 50; calls++) {
		expect((await client.added({})).from).toMatch("new");
		const response = await post(`${url}/shop/added`);
		expect([response.status, await response.json()]).toEqual([200, { from: expect.stringMatching("new") }]);
	}
});

test("two contracts under one name are told once, with what breaks; compatible ones are not", async () => {
	const differing = "two contracts are served under one name, and callers of one break at the other";
	const warnings = () => system.lines.filter(({ message }) => message === differing);
	await old("old");
	await young("new");
	const url = await system.open();
	await post(`${url}/shop/list`);
	const Foreign = contract(
		"shop",
		{ list: method({ output: z.object({ from: z.int() }) }) },
		{ version: "9.0.0" },
	);
	await system.serve((app) => app.serve(Foreign, { list: async () => ({ from: 1 }) }), undefined, {
		name: "shop",
	});
	await expect.poll(warnings, { timeout: 10_000 }).not.toEqual([]);
	expect(warnings()[0]?.fields).toEqual({
		service: "shop",
		older: "1.10.0",
		newer: "9.0.0",
		differences: [
			"the response of list may hold more: from is integer where string is known",
			"added is missing",
		],
		added: [],
	});
});
