import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeServer, postgresServer, startServer } from "@allium/testing/servers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { allium, conditions, Started } from "../fixtures/processes.ts";

const main = fileURLToPath(new URL("./fixtures/main.ts", import.meta.url));
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

function start(env: NodeJS.ProcessEnv, ...args: string[]): Started {
	const started = new Started([...conditions, main, ...args], env);
	ends.push(() => started.end("SIGKILL"));
	return started;
}

/** The processes share what the URL names. */
async function tellsOfTheKilled(url: string): Promise<void> {
	// Given a process that works on a view, which has all events,
	const env = { ALLIUM_URL: url };
	const holder = start(env, "project", "m1");
	await holder.printed("published");
	await vi.waitFor(async () => {
		expect((await allium(["views"], env)).stdout).toMatch(/results .* live +100 % +0 /);
	});

	// when it is killed, and an event comes,
	await holder.end("SIGKILL");
	expect(await start(env, "publish", "m2").result).toMatchObject({
		code: 0,
		stdout: expect.stringContaining("published"),
	});

	// then the command says why the view lacks it,
	expect((await allium(["views"], env)).stdout).toMatch(
		/ live +50 % +1 .*\n +the process that worked on it has been silent for \d+s; start the app that projects version 1 of results\n/,
	);

	// and another process takes the view over, of which it says nothing.
	await start(env, "project", "m3").printed("published");
	await vi.waitFor(async () => {
		expect((await allium(["views"], env)).stdout).toMatch(/ live +100 % +0 .*\n$/);
	});
}

describe("a process that was killed while it held a view is told of", () => {
	test("on SQLite", async () => {
		const folder = mkdtempSync(join(tmpdir(), "allium-killed-"));
		ends.push(async () => rmSync(folder, { recursive: true }));
		await tellsOfTheKilled(`sqlite:${folder}`);
	});

	describeServer("postgres", (file) => {
		test("on PostgreSQL", async () => {
			const server = await startServer(postgresServer({ file }));
			ends.push(() => server.close());
			await tellsOfTheKilled(`postgres://postgres@127.0.0.1:${server.port}/postgres`);
		});
	});
});
