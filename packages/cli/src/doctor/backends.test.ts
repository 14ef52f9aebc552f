import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contract, event, ServiceError, silentLogger } from "@allium/core";
import { createApp } from "@allium/node";
import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Patient } from "./fixtures/patient.ts";

const patient = new Patient();

const Matches = contract("matches", { started: event({ key: "id", data: z.object({ id: z.string() }) }) });

describe("the broker", () => {
	test("that does not answer is told, and the groups wait for it", async () => {
		patient.installAdapter("away", 'export const broker = () => { throw new Error("nobody is there"); };');
		const away = { ALLIUM_BROKER: "away:" };
		expect(await patient.found("broker", [], away)).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: expect.stringContaining("nobody is there"),
					remedy: "start it or correct its URL, or name another one with --broker or ALLIUM_BROKER",
				},
			],
		});
		expect((await patient.found("groups", [], away)).findings).toMatchObject([
			{ state: "skipped", says: "it needs the broker" },
		]);
	});

	test("tells the version of its server, and what its settings may lose", async () => {
		const server = '{ version: "Fake 1.2", warnings: [{ says: "it forgets", remedy: "remind it" }] }';
		const log = `{ topics: async () => ["matches"], server: async () => (${server}) }`;
		const parts = `log: ${log}, state: { groups: async () => [] }, close: async () => {}`;
		patient.installAdapter("forgetful", `export const broker = () => ({ ${parts} });`);
		const { code, findings } = await patient.found("broker", ["--broker", "forgetful:"]);
		expect(code).toBe(1);
		expect(findings).toMatchObject([
			{
				state: "ok",
				says: expect.stringMatching(/^forgetful: answered within \d+ ms: Fake 1\.2, 1 topic, 0 groups$/),
			},
			{ state: "wrong", says: "it forgets", remedy: "remind it" },
		]);
	});

	test("tells what events cannot rely on there, which is no fault", async () => {
		const server = '{ version: "Fake 1.2", lacks: ["delays", "a memory of ids"], warnings: [] }';
		patient.installAdapter(
			"lacking",
			`export const broker = () => ({ close: async () => {}, server: async () => (${server}) });`,
		);
		const { code, findings } = await patient.found("broker", ["--broker", "lacking:"]);
		expect(code).toBe(0);
		expect(findings[1]).toMatchObject({
			state: "ok",
			says: "events there do without delays, a memory of ids",
		});
	});

	test("that keeps files is examined where they are", async () => {
		mkdirSync(join(patient.folder, "events"), { mode: 0o777 });
		chmodSync(join(patient.folder, "events"), 0o777);
		const { findings } = await patient.found("broker", [], {
			ALLIUM_BROKER: `sqlite://${patient.folder}/events`,
		});
		expect(findings[1]).toMatchObject({
			state: "wrong",
			remedy: `let its user alone write there: chmod go-w ${patient.folder}/events`,
		});
	});

	test("whose groups have parked events, or nobody who handles them, is told with what to do", async () => {
		const broker = { ALLIUM_BROKER: `sqlite://${patient.folder}/events` };
		const options = {
			drainDelayMs: 0,
			logger: silentLogger,
			env: { ALLIUM_REGISTRY: patient.registry, ...broker },
		};
		const rewards = createApp({ name: "rewards", ...options });
		rewards.subscribe(Matches, {
			async started() {
				throw new ServiceError({ code: "invalid_argument", message: "no reward" });
			},
		});
		const matches = createApp({ name: "matches", ...options });
		matches.serve(Matches, {});
		patient.apps.push(matches, rewards);
		await rewards.start();
		await matches.start();
		await matches.publish(Matches.started({ id: "a" }));
		await vi.waitFor(
			async () => {
				const { findings } = await patient.found("groups", [], broker);
				expect(findings).toMatchObject([
					{
						state: "wrong",
						says: "rewards of matches: 1 event is parked",
						remedy: "see why with allium parked list matches rewards, then replay or discard them",
					},
				]);
			},
			{ timeout: 60_000 },
		);
		await rewards.stop();
		await matches.publish(Matches.started({ id: "b" }));
		expect((await patient.found("groups", [], broker)).findings).toContainEqual(
			expect.objectContaining({
				says: "rewards of matches: no process handles its events",
				remedy: "start the app that subscribes as rewards",
			}),
		);
	});
});

describe("the transport", () => {
	test("is not examined where none is named", async () => {
		expect((await patient.found("transport")).findings).toEqual([
			expect.objectContaining({ state: "skipped", says: expect.stringContaining("ALLIUM_TRANSPORT") }),
		]);
	});

	test("that lets in calls is well", async () => {
		const listen = "listen: async () => ({ addresses: [], drain: async () => {}, close: async () => {} })";
		patient.installAdapter("pigeon", `export const transport = () => ({ scheme: "pigeon", ${listen} });`);
		const { code, findings } = await patient.found("transport", [], {
			ALLIUM_TRANSPORT: "pigeon://shop:secret@loft",
		});
		expect(code).toBe(0);
		expect(findings).toMatchObject([
			{
				state: "ok",
				says: expect.stringMatching(
					/^pigeon:\/\/shop:\*{3}@loft \(ALLIUM_TRANSPORT\) lets in calls, within \d+ ms$/,
				),
			},
		]);
	});

	test.each([
		["nats", "nats://127.0.0.1:1"],
		["amqp", "amqp://127.0.0.1:1"],
	])("%s that does not answer is told with what to do", async (_, url) => {
		expect(await patient.found("transport", [], { ALLIUM_TRANSPORT: url })).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: expect.stringContaining("127.0.0.1:1"),
					remedy: "start it or correct its URL, or name another one with ALLIUM_TRANSPORT",
				},
			],
		});
	});
});

describe("the event store and the views", () => {
	test("answer, or are told with the variable that names them", async () => {
		const env = { ALLIUM_EVENTS: `sqlite://${patient.folder}/events`, ALLIUM_VIEWS: "nowhere:" };
		expect((await patient.found("event store", [], env)).findings).toMatchObject([
			{ state: "ok", says: `sqlite://${patient.folder}/events answers` },
		]);
		expect((await patient.found("views", [], env)).findings).toMatchObject([
			{ state: "wrong", remedy: expect.stringContaining("--views or ALLIUM_VIEWS") },
		]);
	});

	test("have a finding for each version whose file cannot be read, beside those that are well", async () => {
		mkdirSync(join(patient.folder, "data/views"), { recursive: true, mode: 0o700 });
		const file = join(patient.folder, "data/views/standings.2.db");
		writeFileSync(file, "this is no database, whatever its name says".repeat(100));
		const env = { ALLIUM_VIEWS: `sqlite://${patient.folder}/data` };
		expect(await patient.found("views", [], env)).toMatchObject({
			code: 1,
			findings: [
				{ state: "ok", says: `sqlite://${patient.folder}/data answers: 1 view` },
				{
					state: "wrong",
					says: `version 2 of standings: cannot use the file "${file}": it is not a database; move it away or name another folder`,
					remedy: "or remove it, so that it is built again: allium views drop standings 2 --force",
				},
			],
		});
	});

	test("that are told to keep a view in a file, and not in a folder, say what to do", async () => {
		const file = join(patient.folder, "file");
		writeFileSync(file, "");
		const option = ["--store", `sqlite://${file}`, "--views", `sqlite://${file}`];
		const elsewhere = "such as sqlite:/tmp/allium, where this one is named, or else in ALLIUM_URL";
		for (const examination of ["event store", "views"]) {
			expect((await patient.found(examination, option)).findings).toMatchObject([
				{ state: "wrong", says: expect.stringContaining(elsewhere) },
			]);
		}
	});
});
