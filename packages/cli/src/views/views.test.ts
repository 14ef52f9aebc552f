import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context } from "@allium/core";
import type { Cursors, TopicLog } from "@allium/core/event";
import type { ViewChange, ViewLease, ViewStore } from "@allium/core/store";
import { eventStore, viewStore } from "@allium/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { allium, type Result, startAllium } from "../fixtures/processes.ts";

const ctx = Context.background();
const standings = { name: "standings", version: 1 };
let folder: string;
let store: ViewStore;
let topic: TopicLog;
let closeEvents: () => Promise<void>;
const env = (): NodeJS.ProcessEnv => ({ ALLIUM_URL: `sqlite:${folder}` });
const run = (...args: string[]): Promise<Result> => allium(["views", ...args], env());

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "allium-views-"));
	store = viewStore(`sqlite:${folder}`);
	const events = await eventStore(`sqlite:${folder}`);
	closeEvents = () => events.close();
	topic = await events.log.open("matches", { lanes: 2 }, ctx);
});
afterEach(async () => {
	await store.close();
	await closeEvents();
	rmSync(folder, { recursive: true });
});

/** Publishes ten events of one key. */
async function tenEvents(): Promise<void> {
	const ids = Array.from({ length: 10 }, () => crypto.randomUUID());
	const time = new Date().toISOString();
	const events = ids.map((id) => ({
		id,
		type: "matches.ended",
		version: 1,
		source: "league",
		key: "m1",
		time,
		data: {},
		correlationId: id,
	}));
	await topic.append(events, ctx);
}

/** The places behind the first events. */
async function behind(count: number): Promise<Cursors> {
	const start = await topic.at("start", ctx);
	return (await topic.read(start, { events: count, bytes: 1_000_000 }, ctx)).next;
}

async function claimed(build: number): Promise<ViewLease> {
	const report = await store.report(standings, ctx);
	const epoch = report?.builds.find((each) => each.build === build)?.epoch ?? 0;
	const lease = await store.build({ ...standings, build }).claim("a process", epoch, ctx);
	return lease ?? expect.unreachable();
}

/** Saves events into a build, as a process does that projects it. */
async function took(
	build: number,
	lease: ViewLease,
	count: number,
	more: Partial<ViewChange> = {},
): Promise<void> {
	const places = new Map([["matches", await behind(count)]]);
	await store.build({ ...standings, build }).apply(lease, async () => ({ places, ...more }), ctx);
}

/** Makes build 1 from all ten events, and makes it live. The process has ended. */
async function built(more: Partial<ViewChange> = {}): Promise<void> {
	await tenEvents();
	await store.open({ ...standings, shape: "{}" }, ctx);
	const lease = await claimed(1);
	await took(1, lease, 10, more);
	await store.build({ ...standings, build: 1 }).finish(lease, ctx);
	await store.build({ ...standings, build: 1 }).release(lease, ctx);
}

/** Renews a lease, as the process does that works on the build. */
function renewing(build: number, lease: ViewLease): Disposable {
	const timer = setInterval(() => {
		store
			.build({ ...standings, build })
			.renew(lease, undefined, ctx)
			.catch(() => {});
	}, 50);
	return { [Symbol.dispose]: () => clearInterval(timer) };
}

const parkedKey = async () => ({
	park: [
		{
			key: "m1",
			topic: "matches",
			lane: 0,
			cursor: [...(await behind(1)).values()].find((cursor) => cursor !== "") ?? "",
			eventId: "e1",
			from: new Map(),
			error: { code: "unknown", message: "somebody wins" },
			since: 0,
			due: false,
		},
	],
});

describe("views list", () => {
	test("says so where there are no views, or none of the name", async () => {
		expect((await run()).stdout).toMatch(/^There is no view in sqlite:.*: an app makes those/);
		expect((await run("list", "--json")).stdout).toBe("[]\n");
		await built();
		expect(await run("list", "standing")).toMatchObject({
			code: 3,
			stderr: expect.stringMatching(/no view "standing"\. Did you mean standings\?/),
		});
	});

	test("shows what is read, and what it lacks", async () => {
		await built();
		expect((await run()).stdout).toMatch(/\nstandings +1 +1 +live +100 % +0 +0s +0\n$/);
		await tenEvents();
		expect((await run()).stdout).toMatch(
			/live +50 % +10 +\d+s +0\n +no process works on it; start the app that projects version 1 of standings\n$/,
		);
	});

	test("says that the process was killed whose build stands still", async () => {
		await built();
		await store.rebuild(standings, ctx);
		await took(2, await claimed(2), 5);
		const dead =
			/50 % +5 .*\n +the process that worked on it has been silent for [67]s; start the app that projects version 1 of standings\n/;
		const [listed, shown] = await Promise.all([run(), run("show", "standings")]);
		expect(listed.stdout).toMatch(dead);
		expect(shown.stdout).toMatch(/held by a process.*\nthe process that worked on it has been silent for/);
	});

	test("shows how far a build is", async () => {
		await built();
		await store.rebuild(standings, ctx);
		const lease = await claimed(2);
		await took(2, lease, 5);
		using _alive = renewing(2, lease);
		expect((await run()).stdout).toMatch(/standings +1 +2 +building +\[#{5}-{5}\] 50 % +5 /);
		const [view] = JSON.parse((await run("list", "--json")).stdout);
		expect(view).toMatchObject({
			name: "standings",
			live: 1,
			builds: [
				{ build: 1, state: "live", total: 10, lag: 0 },
				{ build: 2, state: "building", total: 10, lag: 5, holder: "a process" },
			],
		});
	});

	test("shows how much a build has to take that has taken nothing yet", async () => {
		await tenEvents();
		await store.open({ ...standings, shape: "{}", owner: "league", topics: ["matches"] }, ctx);
		expect((await run()).stdout).toMatch(/standings +1 +1 +building +\[-{10}\] 0 % +10 /);
		const [view] = JSON.parse((await run("list", "--json")).stdout);
		expect(view).toMatchObject({
			owner: "league",
			builds: [{ total: 10, lag: 10, topics: [{ topic: "matches", total: 10, lag: 10 }] }],
		});
		expect((await run("show", "standings")).stdout).toMatch(
			/^Version 1 of standings: documents, projected by league, none is built yet\n/,
		);
	});

	test("waits until nothing is being built any more", async () => {
		await built();
		await store.rebuild(standings, ctx);
		const lease = await claimed(2);
		await took(2, lease, 5);
		const waiting = startAllium(["views", "rebuild", "standings", "--wait"], env());
		while (!waiting.stderr.includes("is being built")) await store.changed(standings, ctx);
		expect(waiting.stdout).toBe("");
		await took(2, lease, 10);
		await store.build({ ...standings, build: 2 }).finish(lease, ctx);
		expect(await waiting.result).toMatchObject({
			code: 0,
			stdout: "Build 2 of version 1 of the view standings is built, and read from now on.\n",
		});
	});

	test("ends the wait for a build that no process works on, and says so", async () => {
		await built();
		const { code, stdout, stderr } = await run("rebuild", "standings", "--wait");
		expect(code).toBe(1);
		expect(stdout).toBe("");
		expect(stderr).toMatch(
			/\nNo process works on what is to be built: standings\.1 \[-{10}\] 0 % \(no process works on it; start the app that projects version 1 of standings\)\n$/,
		);
	});

	test("takes what the broker has where the event store has no such topic", async () => {
		await built();
		const elsewhere = mkdtempSync(join(tmpdir(), "allium-views-"));
		const stores = ["--views", `sqlite:${folder}`, "--store", `sqlite:${elsewhere}`];
		const known = await run("list", ...stores, "--broker", `sqlite:${folder}`);
		expect(known.stdout).toMatch(/live +100 % +0 /);
		const unknown = await run("list", ...stores, "--broker", `sqlite:${elsewhere}`);
		expect(unknown.stdout).toMatch(
			/live +\? +\? +\? +0\n +the topic matches is neither in the event store nor/,
		);
		rmSync(elsewhere, { recursive: true });
	});
});

describe("views show", () => {
	test("shows builds, topics and parked keys", async () => {
		await built(await parkedKey());
		const { stdout } = await run("show", "standings");
		expect(stdout).toMatch(/^Version 1 of standings: documents, build 1 is read\n/);
		expect(stdout).toMatch(/TOPIC +EVENTS +LAG\nmatches +10 +0\n/);
		expect(stdout).toMatch(/m1 +matches +e1 +\d+d ago +no +unknown: somebody wins/);
		const plain = JSON.parse((await run("show", "standings", "1", "--json")).stdout);
		expect(plain.parkedKeys).toMatchObject([{ build: 1, keys: [{ key: "m1", eventId: "e1" }] }]);
	});

	test("names the versions that are there", async () => {
		await built();
		expect(await run("show", "standings", "2")).toMatchObject({
			code: 3,
			stderr: expect.stringMatching(/has no version 2 in .*\n.*It has version 1\./),
		});
		expect((await run("show", "standings", "one")).code).toBe(2);
	});
});

describe("views rebuild and switch", () => {
	test("begin another build, and go back to the one before", async () => {
		await built();
		expect((await run("rebuild", "standings")).stdout).toBe(
			"Build 2 of version 1 of the view standings is to be built. Build 1 is read until then. No process works on the view: start the app that projects it.\n",
		);
		expect(await run("switch", "standings", "1", "2")).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("has not all events yet"),
		});
		const lease = await claimed(2);
		await took(2, lease, 10);
		await store.build({ ...standings, build: 2 }).finish(lease, ctx);
		expect((await run()).stdout).toMatch(/ 1 +kept +100 % .*\n.* 2 +live /);
		await tenEvents();
		expect((await run("switch", "standings", "1", "1")).stdout).toMatch(
			/^Build 1 .* is read from now on\. It lacks 10 events,/,
		);
		expect((await store.report(standings, ctx))?.live).toBe(1);
	});

	test("name the builds that are there", async () => {
		await built();
		expect((await run("switch", "standings", "1", "7")).stderr).toMatch(/no build 7\.\n.*It has build 1\./);
	});
});

describe("views retry", () => {
	test("marks parked keys to be tried again", async () => {
		await built(await parkedKey());
		expect(await run("retry", "standings", "--key", "m2")).toMatchObject({
			code: 3,
			stderr: expect.stringMatching(/^Build 1 .* has not parked m2\.\nallium views show standings 1 lists/),
		});
		expect((await run("retry", "standings", "--all")).stdout).toMatch(
			/^1 document of build 1 .* will be tried again when a process works on it/,
		);
		expect((await store.report(standings, ctx))?.builds[0]?.isDue).toBe(true);
	});

	test("wants to know which", async () => {
		expect(await run("retry", "standings")).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("--key <key> or --all"),
		});
	});
});

describe("views drop", () => {
	test("asks for --force for what is read", async () => {
		await built();
		expect(await run("drop", "standings", "1")).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/Version 1 of the view standings is read\.\n.*--force/),
		});
		expect((await run("drop", "standings", "1", "--force")).stdout).toMatch(
			/^Version 1 of the view standings is dropped\./,
		);
		expect(await store.versions(ctx)).toEqual([]);
	});

	test("asks for --force for what a process works on, and for nothing else", async () => {
		await built();
		await store.rebuild(standings, ctx);
		const lease = await claimed(2);
		const alive = renewing(2, lease);
		const refused = await run("drop", "standings", "1", "2");
		alive[Symbol.dispose]();
		expect(refused.stderr).toMatch(/Build 2 of version 1 .* has a process that works on it\.\n/);
		await store.build({ ...standings, build: 2 }).release(lease, ctx);
		expect((await run("drop", "standings", "1", "2", "--json")).stdout).toBe(
			`${JSON.stringify({ ...standings, build: 2, dropped: true })}\n`,
		);
	});

	test("does not take a killed process for one that works on it", async () => {
		await built();
		await store.rebuild(standings, ctx);
		await claimed(2);
		const [rebuilt, dropped] = [
			await run("rebuild", "standings"),
			await run("drop", "standings", "1", "2", "--json"),
		];
		expect(rebuilt.stdout).toContain("No process works on the view: start the app that projects it.");
		expect(JSON.parse(dropped.stdout)).toMatchObject({ build: 2, dropped: true });
	});
});

describe("a file that cannot be read", () => {
	test("is told, and the other views are shown", async () => {
		await built();
		writeFileSync(join(folder, "views", "broken.1.db"), "no database".repeat(1_000));
		const { code, stdout } = await run();
		expect([code, stdout]).toEqual([
			0,
			expect.stringMatching(
				/\nstandings +1 +1 +live .*\nbroken +1 +cannot use the file ".*broken\.1\.db": it is not a database/,
			),
		]);
		expect((await run("show", "standings")).code).toBe(0);
		expect(await run("show", "broken")).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/is not a database/),
		});
		expect((await run("drop", "broken", "1")).stderr).toMatch(/cannot be read.*\n.*--force/);
		expect((await run("drop", "broken", "1", "--force")).code).toBe(0);
	});
});
