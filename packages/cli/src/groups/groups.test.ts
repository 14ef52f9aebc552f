import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { allium, conditions, type Result, Started } from "../fixtures/processes.ts";

const main = fileURLToPath(new URL("../events/fixtures/main.ts", import.meta.url));
let folder: string;
let env: NodeJS.ProcessEnv;
const started: Started[] = [];

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "allium-groups-"));
	const url = `sqlite://${folder}/events`;
	env = { ALLIUM_REGISTRY: url, ALLIUM_BROKER: url, ALLIUM_NAMESPACE: "groups-test" };
	await start("serve");
});
afterEach(async () => {
	await Promise.all(started.splice(0).map((process) => process.end("SIGKILL")));
	rmSync(folder, { recursive: true });
});

async function start(...args: string[]): Promise<Started> {
	const process = new Started([...conditions, main, ...args], env);
	started.push(process);
	await process.printed("is ready");
	return process;
}

/** The process that handles matches. It refuses those that begin with `bad` until the returned file exists. */
async function startHandler(): Promise<{ readonly handler: Started; readonly fixed: string }> {
	const fixed = join(folder, "fixed");
	return { handler: await start("handle", fixed), fixed };
}

const run = (...args: string[]): Promise<Result> => allium(args, env);
const publish = (id: string, key: string): Promise<Result> =>
	run("events", "publish", "matches.started", '{"size":9}', "--key", key, "--id", id);

/** Waits until the given number of events are parked. */
async function parked(count: number): Promise<void> {
	await vi.waitFor(
		async () => {
			const [page] = JSON.parse((await run("parked", "--json")).stdout);
			expect(page?.events.length ?? 0).toBe(count);
		},
		{ timeout: 30_000, interval: 200 },
	);
}

describe("groups", () => {
	test("are behind by the age of an event that is tried again", async () => {
		await startHandler();
		await publish("e1", "away");
		const facts = async () => JSON.parse((await run("groups", "--json")).stdout)[0];
		await expect.poll(facts).toMatchObject({ retrying: 1 });
		expect(await facts()).toMatchObject({ lag: 1, lagSeconds: expect.toSatisfy((age) => age > 0) });
	});

	test("that are not there are told in one sentence", async () => {
		expect(await run("groups")).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^There is no group in sqlite:.*when it subscribes\.\n$/),
		});
		expect((await run("groups", "--json")).stdout).toBe("[]\n");
		expect(await run("groups", "show", "matches", "rewards")).toMatchObject({
			code: 3,
			stderr: expect.stringContaining('has no group "rewards"'),
		});
	});

	test("of a topic that is not there are no empty list", async () => {
		await startHandler();
		for (const command of [["list"], ["show"], ["delete", "--yes"]]) {
			const [what = "", ...options] = command;
			const group = what === "list" ? [] : ["rewards"];
			expect(await run("groups", what, "matchs", ...group, ...options)).toMatchObject({
				code: 3,
				stderr: expect.stringContaining('has no topic "matchs". Did you mean matches?'),
			});
		}
		expect((await run("groups", "list", "matches")).code).toBe(0);
	});

	test("are listed with their members, lanes and lag, and shown lane by lane", async () => {
		await startHandler();
		const { stdout } = await run("groups");
		const [title, row] = stdout.split("\n");
		expect(title).toMatch(/^TOPIC +GROUP +MEMBERS +LANES +LAG +BEHIND +RETRYING +PARKED +DELAYED$/);
		expect(row).toMatch(/^matches +rewards +1 +\d+ of 16 +0 +0s +0 +0 +0$/);
		const shown = JSON.parse((await run("groups", "show", "matches", "rewards", "--json")).stdout);
		expect(shown).toMatchObject({ lag: 0, members: [{ handles: { started: 1, tick: 1 } }] });
		expect(shown.lanes).toHaveLength(16);
	});

	test("whose processes are stopped while events wait say so", async () => {
		const { handler } = await startHandler();
		await handler.end();
		await publish("waiting", "m1");
		const { stdout } = await run("groups", "list", "matches");
		expect(stdout).toMatch(/\n {2}no process handles its events; start the app that subscribes as rewards\n/);
		expect(JSON.parse((await run("groups", "--json")).stdout)).toMatchObject([{ lag: 1, members: 0 }]);
	});

	test("are put at another place once nobody works on them, and only when it is confirmed", async () => {
		const { handler } = await startHandler();
		await publish("once", "m1");
		await handler.printed("handled m1");
		const rewind = ["groups", "rewind", "matches", "rewards", "--to", "start"];
		expect(await run(...rewind)).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
		expect(await run(...rewind, "--yes")).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("A process works on the group rewards of matches."),
		});
		await handler.end();
		expect(await run(...rewind, "--yes")).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("begins at start: 1 event is to be handled"),
		});
		const { handler: again } = await startHandler();
		await again.printed("handled m1");
	});

	test("of a process that was killed are free once it has been silent for long", async () => {
		const { handler } = await startHandler();
		await vi.waitFor(
			async () => expect(JSON.parse((await run("groups", "--json")).stdout)).toMatchObject([{ held: 16 }]),
			{ timeout: 30_000, interval: 200 },
		);
		await handler.end("SIGKILL");
		const { code } = await run("groups", "rewind", "matches", "rewards", "--to", "now", "--yes");
		expect(code).toBe(0);
	});

	test("are deleted, and their events stay", async () => {
		const { handler } = await startHandler();
		await publish("stays", "m1");
		await handler.end();
		expect((await run("groups", "delete", "matches", "rewards", "--yes")).code).toBe(0);
		expect((await run("groups", "--json")).stdout).toBe("[]\n");
		expect((await run("events", "show", "matches", "stays")).code).toBe(0);
	});

	test("need a place to be put at", async () => {
		expect(await run("groups", "rewind", "matches", "rewards")).toMatchObject({ code: 2 });
	});
});

describe("parked events", () => {
	test("that are not there are told in one sentence", async () => {
		expect(await run("parked")).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^Nothing is parked in /),
		});
	});

	test("are listed with their error, in pages", async () => {
		await startHandler();
		for (const key of ["bad1", "bad2", "bad3"]) await publish(`event-${key}`, key);
		await parked(3);
		const { stdout } = await run("parked", "list");
		expect(stdout).toMatch(
			/^rewards of matches\n {2}ID +EVENT +KEY +ATTEMPTS +SINCE +AGE +KEPT FOR +WAITING +ERROR\n/,
		);
		expect(stdout).toMatch(
			/ {2}event-bad1 +matches\.started +bad1 +1 +\S+ ago +\S+ +29d +0 +invalid_argument \(no_reward\): no reward for bad1/,
		);
		const first = await run("parked", "list", "matches", "rewards", "--limit", "2", "--json");
		const [{ events, next }] = JSON.parse(first.stdout);
		expect(events).toHaveLength(2);
		const { event, keptUntil } = events[0];
		expect(Date.parse(keptUntil) - Date.parse(event.time)).toBe(30 * 24 * 60 * 60 * 1_000);
		const rest = await run("parked", "list", "matches", "rewards", "--after", next, "--json");
		expect(JSON.parse(rest.stdout)[0].events).toHaveLength(1);
	});

	test("of a topic or a group that is not there are no empty list", async () => {
		await startHandler();
		expect(await run("parked", "list", "matchs")).toMatchObject({
			code: 3,
			stderr: expect.stringContaining('has no topic "matchs". Did you mean matches?'),
		});
		expect(await run("parked", "list", "matches", "reward")).toMatchObject({
			code: 3,
			stderr: expect.stringContaining('has no group "reward". Did you mean rewards?'),
		});
		expect((await run("parked", "list", "matches", "rewards")).code).toBe(0);
	});

	test("are tried again by their key, with what waits behind them, and by their id are given up", async () => {
		const { handler, fixed } = await startHandler();
		await publish("first", "bad1");
		await publish("second", "bad1");
		await publish("third", "bad2");
		await parked(2);
		const [{ events }] = JSON.parse((await run("parked", "--json")).stdout);
		expect(events).toMatchObject([
			{ id: "first", waiting: { count: 1, more: false } },
			{ id: "third", waiting: { count: 0, more: false } },
		]);
		const discarded = await run("parked", "discard", "matches", "rewards", "--id", "third");
		expect(discarded).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(
				/^1 parked event of .* is passed over now, by the process that works on it\.\n$/,
			),
		});
		await parked(1);
		writeFileSync(fixed, "");
		const replayed = await run("parked", "replay", "matches", "rewards", "--key", "bad1", "--json");
		expect(JSON.parse(replayed.stdout)).toMatchObject({ replayed: 1, members: 1 });
		await handler.printed("handled bad1", 2);
		expect(handler.stdout).not.toContain("handled bad2");
		await parked(0);
	});

	test("that are not parked are told by their ids and keys, and nothing is done", async () => {
		await startHandler();
		await publish("first", "bad1");
		await parked(1);
		const edits = [
			["replay", "--key", "m9"],
			["replay", "--id", "first", "--id", "m9"],
			["discard", "--id", "m9"],
		];
		for (const [what = "", ...which] of edits) {
			expect(await run("parked", what, "matches", "rewards", ...which)).toMatchObject({
				code: 3,
				stdout: "",
				stderr: expect.stringMatching(
					/^The group rewards of matches .* has not parked m9\.\nallium parked list matches rewards shows/,
				),
			});
		}
		await parked(1);
	});

	test("wait for the next process where none works on the group", async () => {
		const { handler } = await startHandler();
		await publish("first", "bad1");
		await parked(1);
		await handler.end();
		const { stdout } = await run("parked", "replay", "matches", "rewards", "--all");
		expect(stdout).toContain("will be tried again when a process works on the group: none does now");
		const again = await run("parked", "replay", "matches", "rewards", "--all");
		expect(again).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^Nothing is parked in the group/),
		});
	});

	test("are not changed unless it is said which", async () => {
		for (const options of [[], ["--all", "--key", "m1"]]) {
			const { code, stderr } = await run("parked", "discard", "matches", "rewards", ...options);
			expect([code, stderr]).toEqual([2, expect.stringContaining("--id <id>, --key <key> or --all")]);
		}
		expect((await run("parked", "replay", "matches", "rewards", "--all")).code).toBe(3);
	});
});
