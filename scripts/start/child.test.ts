import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-child-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("a child whose parent is killed stops in order by itself", async () => {
	const trace = join(folder, "trace");
	const program = join(folder, "program.mjs");
	writeFileSync(
		program,
		`import { appendFileSync } from "node:fs";
		const running = setInterval(() => console.log("still here"), 5);
		process.once("SIGTERM", () => { appendFileSync(${JSON.stringify(trace)}, " stopping"); clearInterval(running); });
		process.once("exit", () => appendFileSync(${JSON.stringify(trace)}, " ended"));
		appendFileSync(${JSON.stringify(trace)}, "started");`,
	);
	const parentProgram = join(folder, "parent.mjs");
	writeFileSync(
		parentProgram,
		`import { Child } from ${JSON.stringify(fileURLToPath(new URL("./child.ts", import.meta.url)))};
		new Child({ label: "one", file: ${JSON.stringify(program)}, cwd: ".", env: process.env, onLine() {} });`,
	);
	const parent = spawn(process.execPath, [parentProgram], { stdio: "ignore" });
	await vi.waitFor(() => expect(readFileSync(trace, "utf8")).toBe("started"), { timeout: 10_000 });
	parent.kill("SIGKILL");
	await vi.waitFor(() => expect(readFileSync(trace, "utf8")).toBe("started stopping ended"), {
		timeout: 10_000,
	});
});
