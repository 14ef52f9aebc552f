import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { allium, piped, repository, type Started, startAllium } from "../fixtures/processes.ts";

const json = { "content-type": "application/json" };

let folder: string;
let env: NodeJS.ProcessEnv;
let dev: Started | undefined;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-dev-"));
	env = { ALLIUM_REGISTRY: `sqlite://${folder}/registry`, NO_COLOR: "1" };
	symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
	write("package.json", '{ "type": "module" }');
});

afterEach(async () => {
	await dev?.end();
	dev = undefined;
	rmSync(folder, { recursive: true });
});

function write(file: string, text: string): void {
	mkdirSync(join(folder, file, ".."), { recursive: true });
	writeFileSync(join(folder, file), text);
}

/** A service that answers `word()` with the word in its module `word.ts`. */
function writeService(name: string, word: string, options = ""): void {
	write(`${name}/word.ts`, `export const word: string = ${JSON.stringify(word)};`);
	write(
		`${name}/main.ts`,
		`import { contract, method } from "@allium/core";
		import { createApp } from "@allium/node";
		import { word } from "./word.ts";
		const app = createApp({ name: "${name}", drainDelayMs: 0, logger: { log() {} }, ${options} });
		const said = { type: "object", properties: { word: { type: "string" }, pid: { type: "integer" } } };
		const output = { "~standard": { version: 1 as const, vendor: "test", validate: (value: unknown) => ({ value }) } };
		app.serve(contract("${name}", { word: method({ output, effect: "read" }), crash: method({}) }), {
			async word() { return { word, pid: process.pid }; },
			async crash() { setTimeout(() => process.exit(7)); },
		} as never);
		console.log(process.pid, "runs");
		await app.run();
		console.log("stopped in order");`,
	);
}

function start(...args: string[]): Started {
	return startWith("--no-gateway", ...args);
}

function startWith(...args: string[]): Started {
	dev = startAllium(["dev", ...args], env, folder);
	return dev;
}

async function ask(name: string): Promise<{ word: string; pid: number }> {
	const { stdout, stderr } = await allium(["call", name, "word"], env);
	if (stdout === "") throw new Error(stderr);
	return JSON.parse(stdout);
}

function isAlive(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
}

/** The process ids that the services printed. */
function pids({ stdout }: Started): number[] {
	return [...stdout.matchAll(/\| (\d+) runs/g)].map(([, pid]) => Number(pid));
}

test("runs every service in a process of its own, its lines behind its name", async () => {
	writeService("one", "first");
	writeService("second", "other");
	const running = start();
	await running.printed("is ready at http://", 2);
	expect(await ask("one")).toMatchObject({ word: "first" });
	expect(await ask("second")).toMatchObject({ word: "other" });
	expect(running.stdout).toMatch(/^one {4}\| \d+ runs$/m);
	expect(running.stdout).toMatch(/^second \| \d+ runs$/m);
	expect(new Set(pids(running)).size).toBe(2);
});

test("keeps what a service compiled for its next start", async () => {
	write(
		"one/main.ts",
		`import { getCompileCacheDir } from "node:module";
		console.log("is kept:", getCompileCacheDir() !== undefined);`,
	);
	await start().printed("is kept: true");
});

describe("a change of a module that it imports", () => {
	test("starts a new process, and stops the old one when that is ready", async () => {
		writeService("one", "before");
		const running = start("one");
		await running.printed("is ready at");
		write("one/word.ts", 'export const word = "after";');
		await running.printed("stopping the old process");
		expect((await ask("one")).word).toBe("after");
		await running.printed("stopped in order");
		await vi.waitFor(() => expect(pids(running).filter(isAlive)).toHaveLength(1));
	});

	test("that does not start leaves the old process running, and shows why", async () => {
		writeService("one", "before");
		const running = start("one/main.ts");
		await running.printed("is ready at");
		write("one/word.ts", 'export const word = ""; throw new Error("spilled coffee");');
		await running.printed("did not start (exit code 1); the old process goes on");
		expect(running.stdout).toContain("one | Error: spilled coffee\n");
		expect((await ask("one")).word).toBe("before");
		write("one/word.ts", 'export const word = "mended";');
		await running.printed("stopping the old process");
		expect((await ask("one")).word).toBe("mended");
	});

	test("of a module that was missing at first starts it", async () => {
		writeService("one", "before");
		rmSync(join(folder, "one/word.ts"));
		const running = start("one");
		await running.printed("waiting for a change");
		write("one/word.ts", 'export const word = "there";');
		await running.printed("is ready at");
		expect((await ask("one")).word).toBe("there");
	});

	test("swaps the processes where the port is fixed", async () => {
		writeService("one", "before", `port: ${20_000 + (process.pid % 10_000)}`);
		const running = start("one");
		await running.printed("is ready at");
		write("one/word.ts", 'export const word = "after";');
		await running.printed("needs the port of the old process");
		await running.printed("is ready at", 2);
		expect((await ask("one")).word).toBe("after");
	});

	test("of another service leaves it alone", async () => {
		writeService("one", "first");
		writeService("two", "second");
		const running = start();
		await running.printed("is ready at", 2);
		write("two/word.ts", 'export const word = "changed";');
		await running.printed("stopped in order");
		expect(running.stdout).not.toMatch(/^one \| allium: changed/m);
	});
});

test("a process that crashes is started again", async () => {
	writeService("one", "word");
	const running = start("one");
	await running.printed("is ready at");
	await allium(["call", "one", "crash"], env);
	await running.printed("has crashed (exit code 7); starting again in 0.5 s");
	await running.printed("is ready at", 2);
	expect((await ask("one")).pid).toBe(pids(running).at(-1));
});

describe("no process is left", () => {
	test("after Ctrl-C, which stops all in order", async () => {
		writeService("one", "first");
		writeService("two", "second");
		const running = start();
		await running.printed("is ready at", 2);
		const { code, stdout } = await running.end("SIGINT");
		expect(stdout.match(/stopped in order/g)).toHaveLength(2);
		expect([code, pids(running).filter(isAlive)]).toEqual([0, []]);
	});

	test("when nobody reads its output any more", async () => {
		writeService("one", "one");
		const line = `dev --no-gateway ${folder}/one/main.ts`;
		const { stdout, stderr } = await piped(line, "sed '/is ready at/q'", env);
		const [, pid] = /([0-9]+) runs/.exec(stdout) ?? [];
		expect(stderr).toBe("ended 0\n");
		expect(existsSync(`/proc/${pid}`)).toBe(false);
	});

	test("when it is killed itself", async () => {
		writeService("one", "first");
		const running = start();
		await running.printed("is ready at");
		await running.end("SIGKILL");
		await vi.waitFor(() => expect(pids(running).filter(isAlive)).toEqual([]), 5_000);
	});

	test("after a second Ctrl-C, when one does not want to stop", async () => {
		write(
			"deaf.ts",
			'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6); console.log(process.pid, "runs");',
		);
		const running = start("deaf.ts");
		await running.printed("runs");
		running.process.kill("SIGINT");
		// Signals that come at once count as the same request, because npm passes signals on.
		await new Promise((resolve) => setTimeout(resolve, 600));
		expect(await running.end("SIGINT")).toMatchObject({ code: 130 });
		await vi.waitFor(() => expect(pids(running).filter(isAlive)).toEqual([]), 5_000);
	});
});

describe("the gateway beside the services", () => {
	test("serves them at one address", async () => {
		writeService("one", "first");
		const running = startWith("--gateway", "0");
		await running.printed("is ready at");
		await running.printed("gateway is ready url=http://127.0.0.1:");
		const [, url] = /^gateway \| .* url=(\S+)/m.exec(running.stdout) ?? [];
		await vi.waitFor(async () => {
			const answer = await fetch(`${url}/one/word`, { method: "POST", headers: json, body: "{}" });
			expect(await answer.json()).toMatchObject({ word: "first" });
		}, 5_000);
		expect((await running.end("SIGINT")).code).toBe(0);
	});

	test("is left out, which is said, when its port is taken", async () => {
		await using taken = createServer().listen(0, "127.0.0.1");
		await once(taken, "listening");
		const { port } = taken.address() as AddressInfo;
		writeService("one", "first");
		const running = startWith("--gateway", String(port));
		await running.printed(/gateway \| allium: no gateway: .*; --gateway takes another port/);
		await running.printed("is ready at");
		expect((await ask("one")).word).toBe("first");
	});

	test("has a port", async () => {
		const { code, stderr } = await allium(["dev", "--gateway", "web"], env);
		expect([code, stderr]).toEqual([2, '--gateway takes a port, such as 8080, not "web".\n']);
	});
});

test("a file that does not exist is one sentence", async () => {
	const { code, stderr } = await allium(["dev", "nowhere.ts"], env);
	expect([code, stderr]).toEqual([2, "There is no file nowhere.ts.\n"]);
});
