import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Context } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { eventStore } from "./postgres-event-store.ts";
import { parsePostgresUrl } from "./postgres-url.ts";
import { tablesVersion } from "./tables.ts";

const background = Context.background();
const tablesOfVersion1 = readFileSync(join(import.meta.dirname, "fixtures/tables-version-1.sql"), "utf8");

function event(id: string): EventRecord {
	const time = "2026-01-01T00:00:00.000Z";
	return {
		id,
		type: "account.opened",
		version: 1,
		source: "test",
		key: id,
		time,
		data: {},
		correlationId: id,
	};
}

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	/** A schema as @allium/postgres made it before it had an event store, with two events. */
	async function oldSchema(): Promise<string> {
		const url = server.newUrl();
		await server.run(tablesOfVersion1.replaceAll("SCHEMA_NAME", parsePostgresUrl(url).schema));
		await server.runIn(
			url,
			`INSERT INTO topics (key, name, lanes) VALUES ('account', 'account', 1);
			INSERT INTO lanes (topic, lane) SELECT id, 0 FROM topics;
			WITH added AS (
				INSERT INTO events (topic, lane, bytes, id, text)
				SELECT id, 0, 2, event, '{"id":"' || event || '","type":"account.opened"}'
				FROM topics, unnest(ARRAY['1', '2']) AS event RETURNING seq
			) INSERT INTO pending SELECT seq FROM added;
			SELECT sequence_pending(1)`,
		);
		return url;
	}

	test("tables of an older version are brought up to date once, by one of ten processes that open them at once", async () => {
		const url = await oldSchema();
		const stores = await Promise.all(Array.from({ length: 10 }, () => eventStore(url)));
		const identities = await Promise.all(stores.map((store) => store.identity(background)));
		expect(new Set(identities).size).toBe(1);
		expect(await server.runIn(url, "SELECT version FROM allium")).toEqual([{ version: tablesVersion }]);
		await Promise.all(
			stores.map((store, index) =>
				store.append(
					[{ stream: "account/a", topic: "account", expected: "any", events: [event(`new-${index}`)] }],
					background,
				),
			),
		);
		const topic = (await stores[0]?.log.find("account", background)) ?? expect.unreachable();
		const page = await topic.read(new Map([[0, ""]]), { events: 99, bytes: 1e6 }, background);
		expect(page.events.map(({ event }) => event.id).slice(0, 2)).toEqual(["1", "2"]);
		expect(page.events).toHaveLength(12);
		await Promise.all(stores.map((store) => store.close()));
	});

	test("a process that runs an older version goes on beside", async () => {
		const url = await oldSchema();
		const store = await eventStore(url);
		await server.runIn(
			url,
			`WITH added AS (
				INSERT INTO events (topic, lane, bytes, id, text)
				SELECT id, 0, 2, '3', '{"id":"3","type":"account.opened"}' FROM topics RETURNING seq
			) INSERT INTO pending SELECT seq FROM added`,
		);
		const topic = (await store.log.find("account", background)) ?? expect.unreachable();
		const page = await topic.read(new Map([[0, ""]]), { events: 99, bytes: 1e6 }, background);
		expect(page.events.map(({ event }) => event.id)).toEqual(["1", "2", "3"]);
		await store.close();
	});

	test("a user who may not change the tables is told who can", async () => {
		const url = await oldSchema();
		const { schema } = parsePostgresUrl(url);
		await server.run(`CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA ${schema} TO guest;
			GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO guest`);
		await expect(eventStore(url.replace("postgres@", "guest@"))).rejects.toMatchObject({
			code: "permission_denied",
			message: expect.stringContaining("start one process as the owner of the schema"),
		});
	});

	test("an upgrade that fails in the middle changes nothing, and the next process finishes it", async () => {
		const url = await oldSchema();
		await server.runIn(url, "CREATE TABLE outcomes (other int)");
		await expect(eventStore(url)).rejects.toThrow();
		expect(await server.runIn(url, "SELECT * FROM allium")).toEqual([{ version: 1 }]);
		await server.runIn(url, "DROP TABLE outcomes");
		await (await eventStore(url)).close();
		expect(await server.runIn(url, "SELECT version FROM allium")).toEqual([{ version: tablesVersion }]);
	});

	test.each(["user", "both", "order"])(
		"a schema cannot have the name %s, and the refusal says why",
		async (word) => {
			const url = server.newUrl().replace(/schema=[^&]*/, `schema=${word}`);
			expect(parsePostgresUrl(url).schema).toBe(word);
			await expect(eventStore(url)).rejects.toMatchObject({
				code: "failed_precondition",
				message: `"${word}" is a word of SQL, which cannot be the name of the schema; name another, as in ?schema=${word}_events`,
			});
		},
	);
});
