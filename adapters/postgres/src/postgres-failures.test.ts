import { execFile } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Context } from "@allium/core";
import type { EventRecord, TopicLog } from "@allium/core/event";
import { faultProxy } from "@allium/testing/faults";
import { describeServer, postgresServer, startServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { postgresPorts } from "./postgres-ports.ts";
import { parsePostgresUrl } from "./postgres-url.ts";

const background = Context.background();
const patient = { timeout: 120_000, interval: 20 };

function event(id: string): EventRecord {
	const time = "2026-01-01T00:00:00.000Z";
	return {
		id,
		type: "matches.started",
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
	let closing: (() => Promise<unknown>)[];

	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());
	beforeEach(() => {
		closing = [];
	});
	afterEach(async () => {
		for (const close of closing.reverse()) await close();
	});

	async function open(url: string): Promise<TopicLog> {
		const { log, state } = await postgresPorts(url);
		closing.push(() => Promise.all([log.close(), state.close()]));
		return log.open("matches", { lanes: 1 }, background);
	}

	async function idsOf(topic: TopicLog, after = new Map([[0, ""]])): Promise<string[]> {
		const page = await topic.read(after, { events: 1_000, bytes: 1e9 }, background);
		return page.events.map((placed) => placed.event.id);
	}

	describe("what cannot work says in one sentence why, and what to do", () => {
		test("nobody answers", async () => {
			await expect(open("postgres://shop:secret@127.0.0.1:1/shop")).rejects.toMatchObject({
				code: "unavailable",
				message: expect.stringMatching(
					/^PostgreSQL at postgres:\/\/shop:\*\*\*@127\.0\.0\.1:1\/shop does not answer/,
				),
			});
		});

		test("the password is wrong", async () => {
			await using asking = await startServer(postgresServer({ file, password: "right" }));
			const at = (password: string): string =>
				`postgres://postgres:${password}@127.0.0.1:${asking.port}/postgres`;
			await expect(open(at("wrong"))).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("refuses the password; give that of a user that it knows"),
			});
			await expect(open(at("right"))).resolves.toBeDefined();
			for (const close of closing.splice(0)) await close();
		});

		test("there is no such database", async () => {
			await expect(open(`postgres://postgres@${server.host}/nowhere`)).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("has no such database; make it, or name another one"),
			});
		});

		test("the user may not make the schema, and may use one that is made for it", async () => {
			await server.run("CREATE ROLE poor LOGIN; CREATE SCHEMA granted AUTHORIZATION poor");
			await expect(open(`postgres://poor@${server.host}/postgres?schema=refused`)).rejects.toMatchObject({
				code: "permission_denied",
				message: expect.stringContaining("does not let this user do what Allium needs"),
			});
			const topic = await open(`postgres://poor@${server.host}/postgres?schema=granted`);
			await topic.append([event("1")], background);
			expect(await idsOf(topic)).toEqual(["1"]);
		});

		test("the schema is another program's", async () => {
			await server.run("CREATE SCHEMA diary; CREATE TABLE diary.events (entry text)");
			await expect(open(`postgres://postgres@${server.host}/postgres?schema=diary`)).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("holds tables of another program; name another schema"),
			});
		});

		test("the schema is of a newer version", async () => {
			const url = server.newUrl();
			await open(url);
			await server.runIn(url, "UPDATE allium SET version = 99");
			await expect(postgresPorts(url, { scope: {} })).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("a newer version of @allium/postgres; install that here too"),
			});
		});

		test("the database cannot hold every text", async () => {
			await server.run("CREATE DATABASE old ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");
			await expect(open(`postgres://postgres@${server.host}/old`)).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("has the encoding LATIN1"),
			});
		});

		test("TLS is asked of a server without", async () => {
			await expect(open(`postgres+tls://postgres@${server.host}/postgres`)).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining(
					"has no TLS; switch it on there, or write postgres:// to go without",
				),
			});
		});
	});

	test("the rights that the guide grants suffice", async () => {
		const guide = readFileSync(join(import.meta.dirname, "../../../docs/guide/postgres.md"), "utf8");
		const [, grants = expect.unreachable()] = /^```sql\n([\s\S]*?)^```$/m.exec(guide) ?? [];
		await open(`postgres://postgres@${server.host}/postgres`);
		await server.run(grants);
		const { log, state } = await postgresPorts(`postgres://orders:secret@${server.host}/postgres`);
		closing.push(() => Promise.all([log.close(), state.close()]));
		const topic = await log.open("orders", { lanes: 1, retainBytes: 0 }, background);
		await topic.append([event("1")], background);
		const group = state.group({ topic: "orders", group: "rewards" });
		await group.create(await topic.at("now", background), background);
		await group.join({ id: "a", handles: {} }, background);
		const [lane] = (await group.report(background))?.lanes ?? [];
		const lease = await group.claim(0, "a", lane?.epoch ?? 0, background);
		await group.save(lease ?? expect.unreachable(), { crashes: 0 }, background);
		await state.renew("a", background);
		await log.retain();
		expect((await topic.read(new Map([[0, ""]]), { events: 1, bytes: 1 }, background)).lost).toEqual([0]);
	});

	test("ten processes that begin at once make the tables once", async () => {
		const url = server.newUrl();
		const topics = await Promise.all(Array.from({ length: 10 }, () => open(url)));
		await Promise.all(topics.map((topic, index) => topic.append([event(String(index))], background)));
		for (const topic of topics) expect(await idsOf(topic)).toHaveLength(10);
	});

	test("the guarantee is what the server is set to", async () => {
		expect((await open(server.newUrl())).features.syncs).toBe("disk");
		await server.run("ALTER ROLE postgres SET synchronous_commit TO off");
		closing.push(() => server.run("ALTER ROLE postgres RESET synchronous_commit"));
		expect((await open(server.newUrl())).features.syncs).toBe("later");
	});

	test("a server that falls silent is given up, and found again", async () => {
		await using proxy = await faultProxy({ target: `tcp://${server.host}` });
		const topic = await open(server.through(server.newUrl(), proxy.url));
		await topic.append([event("before")], background);
		const stalled = proxy.add({ fault: "stall" });
		await expect(topic.append([event("during")], background)).rejects.toMatchObject({ code: "unavailable" });
		stalled.remove();
		await vi.waitFor(() => topic.append([event("after")], background.withTimeout(5_000)), patient);
		expect((await idsOf(topic)).filter((id) => id !== "during")).toEqual(["before", "after"]);
	});

	describe("a database that is dumped and restored", () => {
		const run = promisify(execFile);
		const program = (name: string): string => join(dirname(realpathSync(file)), name);

		async function copy(url: string, name: string): Promise<string> {
			const { schema } = parsePostgresUrl(url);
			const { stdout } = await run(program("pg_dump"), [url.replace(/\?.*/, ""), "-n", schema]);
			await server.run(`CREATE DATABASE ${name}`);
			const other = `postgres://postgres@${server.host}/${name}`;
			const restoring = run(program("psql"), [other, "-q", "-v", "ON_ERROR_STOP=1"]);
			restoring.child.stdin?.end(stdout);
			await restoring;
			return `${other}?schema=${schema}`;
		}

		test("keeps its cursors, and new events follow", async () => {
			const url = server.newUrl();
			const topic = await open(url);
			await topic.append([event("1"), event("2")], background);
			const cursors = await topic.at("now", background);
			await topic.append([event("3")], background);
			const restored = await open(await copy(url, "restored"));
			expect(await restored.diverged(cursors, background)).toEqual([]);
			await restored.append([event("4"), event("3")], background);
			const page = await restored.read(cursors, { events: 10, bytes: 1e6 }, background);
			expect(page.events.map((placed) => placed.event.id)).toEqual(["3", "4"]);
		});

		test("is told from the one that went on: yesterday's backup", async () => {
			const url = server.newUrl();
			const topic = await open(url);
			await topic.append([event("1")], background);
			const yesterday = await open(await copy(url, "yesterday"));
			await topic.append([event("2")], background);
			const cursors = await topic.at("now", background);
			expect(await yesterday.diverged(cursors, background)).toEqual([0]);
			await yesterday.append([event("other")], background);
			expect(await yesterday.diverged(cursors, background)).toEqual([0]);
			expect(await topic.diverged(cursors, background)).toEqual([]);
		});
	});
});
