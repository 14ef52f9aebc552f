import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runSteps, summary } from "./run-steps.ts";

let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-steps-"));
	writeFileSync(join(folder, "good.js"), "");
	writeFileSync(join(folder, "bad.js"), "process.exitCode = 3;");
	writeFileSync(join(folder, "killed.js"), "process.kill(process.pid, 'SIGKILL');");
});

afterAll(() => rmSync(folder, { recursive: true }));

test("every step runs, although one before it failed", async () => {
	const said: string[] = [];
	const steps = ["bad", "killed", "good"].map((name) => ({
		name,
		command: [join(folder, `${name}.js`)] as const,
	}));
	const results = await runSteps(steps, (line) => said.push(line));
	expect(results.map(({ name, passed }) => [name, passed])).toEqual([
		["bad", false],
		["killed", false],
		["good", true],
	]);
	expect(said.map((line) => line.trim().replace(/\d+\.\d/, "N"))).toEqual([
		"▶ bad",
		"✗ bad (N s)",
		"▶ killed",
		"✗ killed (N s)",
		"▶ good",
		"✓ good (N s)",
	]);
});

test("the summary names what failed", () => {
	const result = (name: string, passed: boolean) => ({ name, passed, seconds: 1 });
	expect(summary([result("types", true), result("lint", false)])).toBe("Failed: lint (1 of 2, 2.0 s).");
	expect(summary([result("types", true), result("lint", true)])).toBe("All of types, lint passed in 2.0 s.");
});
