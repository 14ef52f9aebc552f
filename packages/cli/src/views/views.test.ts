import { mkdtempSync, rmSync } from "node:fs";
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

	test("shows how far a build is", async () => {
		await built();
		await store.rebuild(standings, ctx);
		await took(2, await claimed(2), 5);
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
		expect((await run("retry", "standings", "--key", "m2")).stdout).toMatch(/^Nothing of that is parked/);
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
		expect((await run("drop", "standings", "1", "2")).stderr).toMatch(
			/Build 2 of version 1 .* has a process that works on it/,
		);
		await store.build({ ...standings, build: 2 }).release(lease, ctx);
		expect((await run("drop", "standings", "1", "2", "--json")).stdout).toBe(
			`${JSON.stringify({ ...standings, build: 2, dropped: true })}\n`,
		);
	});
});
