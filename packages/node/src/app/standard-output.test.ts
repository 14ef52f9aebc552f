import { spawnSync } from "node:child_process";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StandardOutput } from "./standard-output.ts";

const writes: string[] = [];
beforeEach(() => {
	writes.length = 0;
	vi.spyOn(process.stdout, "write").mockImplementation((text) => {
		writes.push(String(text));
		return true;
	});
});
afterEach(() => void vi.restoreAllMocks());

test("the lines of one turn of the event loop are written together", async () => {
	const output = new StandardOutput();
	output.write("one\n", false);
	output.write("two\n", false);
	expect(writes).toEqual([]);
	await setImmediate();
	output.write("three\n", false);
	await setImmediate();
	expect(writes).toEqual(["one\ntwo\n", "three\n"]);
});

test("an urgent line is written at once, behind those before it", async () => {
	const output = new StandardOutput();
	output.write("one\n", false);
	output.write("urgent\n", true);
	expect(writes).toEqual(["one\nurgent\n"]);
	await setImmediate();
	expect(writes).toHaveLength(1);
});

test.each([
	["exits", 3],
	["throws", 1],
	["says a last word as it exits", 0],
])("no line is lost when a process %s", (how, code) => {
	const file = new URL("../fixtures/logging-process.ts", import.meta.url).pathname;
	const { stdout, status } = spawnSync(process.execPath, ["--conditions=@allium/source", file, how]);
	expect([status, String(stdout)]).toEqual([code, expect.stringMatching(/the last word\n$/)]);
});
