import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ExampleProcess } from "./examples.ts";
import { Output } from "./output.ts";
import { System } from "./system.ts";

const stopsInOrder = `
	const running = setInterval(() => {}, 1000);
	process.once("SIGTERM", () => { console.log("stopping"); clearInterval(running); });
	console.log("up is ready url=http://127.0.0.1:4000 pid=" + process.pid + " PORT=" + process.env.PORT);
`;
const hangs = `
	process.on("SIGTERM", () => {});
	console.log("hangs is ready url=http://127.0.0.1:4001 pid=" + process.pid);
	setInterval(() => {}, 1000);
`;
const fails = 'console.error("port 80 is taken"); process.exitCode = 3;';
const says = "setInterval(() => {}, 1000);";

let folder: string;
let said: string;
let system: System;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-system-"));
	said = "";
});

afterEach(async () => {
	system.kill();
	await system.ended();
	rmSync(folder, { recursive: true });
});

function start(programs: Record<string, string>, env: NodeJS.ProcessEnv = {}): System {
	const processes: ExampleProcess[] = Object.entries(programs).map(([label, code]) => {
		const file = join(folder, `${label}.mjs`);
		writeFileSync(file, code);
		return { label, example: label, file };
	});
	const output = new Output((text) => {
		said += text;
	}, false);
	system = new System(processes, { cwd: folder, env, output, graceMs: 300, readyMs: 3000 });
	return system;
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

function pids(): number[] {
	return [...said.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
}

test("it is ready when every process said so, and tells where each is", async () => {
	const running = await start({ one: stopsInOrder, two: hangs }).ready();
	expect(running?.map(({ process, url }) => [process.label, url])).toEqual([
		["one", "http://127.0.0.1:4000"],
		["two", "http://127.0.0.1:4001"],
	]);
	expect(said).toContain("one | up is ready");
});

test("a stopped process has its time to end in order", async () => {
	await start({ one: stopsInOrder }).ready();
	await system.stop();
	expect(said).toContain("one | stopping");
	expect(pids().filter(isAlive)).toEqual([]);
});

test("a process that hangs is killed after the time, and it is said", async () => {
	await start({ one: stopsInOrder, two: hangs }).ready();
	await system.stop();
	expect(said).toContain("two did not stop within 0.3 s; it is killed.");
	expect(pids().filter(isAlive)).toEqual([]);
});

test("a process that ends before it is ready is one sentence, after its own words", async () => {
	const ready = start({ one: stopsInOrder, two: fails }).ready();
	await expect(ready).rejects.toThrow("two ended before it was ready (exit code 3)");
	expect(said).toContain("two | port 80 is taken");
});

test("a process that never gets ready is named", async () => {
	await expect(start({ one: stopsInOrder, two: says }).ready()).rejects.toThrow("Not ready after 3 s: two.");
});

test("a process that dies later is said, and the others go on", async () => {
	await start({ one: stopsInOrder, two: hangs }).ready();
	const ended = system.ended();
	const two = Number(/hangs .* pid=(\d+)/.exec(said)?.[1]);
	process.kill(two, "SIGKILL");
	await vi.waitFor(() => expect(said).toContain("two ended (SIGKILL); the others go on."));
	await system.stop();
	await ended;
});

test("a fixed port goes to the first process alone", async () => {
	await start({ one: stopsInOrder, two: stopsInOrder }, { PORT: "4000" }).ready();
	expect(said).toMatch(/one \| .* PORT=4000/);
	expect(said).toMatch(/two \| .* PORT=undefined/);
});
