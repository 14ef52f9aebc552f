import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context } from "@allium/core";
import { eventStore } from "@allium/sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allium, type Result } from "../fixtures/processes.ts";

let folder: string;
const ledger = new URL("fixtures/ledger.ts", import.meta.url).pathname;
const run = (...args: string[]): Promise<Result> => allium(args, { ALLIUM_EVENTS: `sqlite:${folder}` });

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "allium-streams-"));
	const ctx = Context.background();
	const store = await eventStore(`sqlite:${folder}`);
	const record = (id: string, amount: number) => ({
		id,
		type: "account.deposited",
		version: 1,
		source: "bank",
		key: "a1",
		time: "2026-11-26T08:00:00.000Z",
		data: { amount },
		correlationId: id,
	});
	const events = [record("e1", 5), record("e2", 7), record("e3", 9)];
	await store.append([{ stream: "account/a1", topic: "account", expected: "none", events }], ctx);
	const cancelled = { ...record("e4", 0), type: "order.cancelled", key: "o1" };
	await store.append([{ stream: "order/o1", topic: "order", expected: "none", events: [cancelled] }], ctx);
	await store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("streams list", () => {
	test("shows the streams, and those of a prefix", async () => {
		expect((await run("streams")).stdout).toMatch(/STREAM +VERSION +TOPIC\naccount\/a1 +3 +account/);
		expect(JSON.parse((await run("streams", "list", "account/", "--json")).stdout)).toEqual([
			{ stream: "account/a1", topic: "account", version: 3 },
		]);
	});

	test("says so where there are none", async () => {
		expect((await run("streams", "list", "wallet/")).stdout).toMatch(
			/^There is no stream that begins with "wallet\/" in sqlite:/,
		);
	});
});

test("the shell completes the name of a stream", async () => {
	const { stdout } = await run("complete", "--", "streams", "show", "acc");
	expect(stdout).toBe("account/a1\n");
});

describe("streams show", () => {
	test("shows the events in order, up to a version", async () => {
		const shown = (await run("streams", "show", "account/a1", "--at", "2")).stdout;
		expect(shown.split("\n").filter((line) => line !== "")).toEqual([
			expect.stringMatching(/^1 +2026-11-26T08:00:00\.000Z +account\.deposited +\{"amount":5\}/),
			expect.stringMatching(/^2 .*\{"amount":7\}/),
		]);
	});

	test("shows the state that the exported decider folds, up to a version", async () => {
		const shown = await run("streams", "show", "account/a1", "--at", "2", "--decider", ledger);
		expect(shown.code).toBe(0);
		expect(shown.stdout).toMatch(/\{"amount":7\} *\nState at version 2:\n\{\n {2}"balance": 12,\n/);
	});

	test("has the state after each event with --json, maps as their entries", async () => {
		const shown = await run("streams", "show", "account/a1", "--decider", ledger, "--json");
		const states = shown.stdout.trim().split("\n");
		expect(states.map((line) => JSON.parse(line).state)).toEqual([
			{ balance: 5, byAmount: [[5, 1]] },
			{
				balance: 12,
				byAmount: [
					[5, 1],
					[7, 1],
				],
			},
			expect.objectContaining({ balance: 21 }),
		]);
	});

	test("names the event that the decider cannot take, and what to do", async () => {
		const shown = await run("streams", "show", "order/o1", "--decider", ledger);
		expect(shown).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(
				/unknown_event\): the stream order\/o1 cannot be read at its version 1: the contract order has no event order\.cancelled; update this service/,
			),
		});
	});

	test.each([
		["no.ts", /^no\.ts cannot be loaded: there is no file \/.*\/no\.ts\.\n--decider takes a module/],
		["docs", /^docs cannot be loaded: it is a folder, and not a module\.\n--decider takes a module/],
		[import.meta.filename.replace("streams.test", "show"), /show\.ts exports no decider\.\n--decider takes/],
		[ledger, /exports no decider called wallet, .* wallet\/w1 is named after; it exports account, order\./],
	])("refuses the module %s in a sentence", async (module, sentence) => {
		const shown = await run("streams", "show", "wallet/w1", "--decider", module);
		expect(shown).toMatchObject({ code: 2, stderr: expect.stringMatching(sentence) });
	});

	test("prints a line of JSON for each event", async () => {
		const lines = (await run("streams", "show", "account/a1", "--json")).stdout.trim().split("\n");
		expect(lines.map((line) => JSON.parse(line).version)).toEqual([1, 2, 3]);
	});

	test("names what is there instead of a stream or a version that is not", async () => {
		const missing = await run("streams", "show", "account/a2");
		expect(missing).toMatchObject({
			code: 3,
			stderr: expect.stringMatching(/no stream "account\/a2".*\n.*account\/a1/),
		});
		expect((await run("streams", "show", "account/a1", "--at", "4")).stderr).toMatch(
			/has the version 3, and no version 4/,
		);
	});
});
