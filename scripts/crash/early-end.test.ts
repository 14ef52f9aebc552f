import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-crash-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Starts a run that would take hours, as the first of a process group, as terminals do. */
function longRun(...args: readonly string[]): ChildProcess {
	return spawn(process.execPath, ["scripts/crash.ts", ...args, "--cycles", "100000"], {
		stdio: ["ignore", "pipe", "pipe"],
		detached: true,
	});
}

/** Resolves when the first progress is printed. */
async function firstProgress({ stderr }: ChildProcess): Promise<void> {
	if (stderr === null) return;
	let said = "";
	while (!said.includes(" of 100000")) {
		const [chunk] = await once(stderr, "data");
		said += chunk;
	}
}

/** Interrupts a run. Resolves to its output and its exit code. */
async function interrupted(run: ChildProcess, interrupt: () => void): Promise<readonly [string, unknown]> {
	let printed = "";
	run.stdout?.on("data", (chunk) => {
		printed += chunk;
	});
	const closed = once(run, "close");
	interrupt();
	const [code] = await closed;
	return [printed, code];
}

test.each([
	["SIGINT", 130],
	["SIGTERM", 143],
] as const)(
	"a crash run that %s ends tells its figures so far, of which none is lost, and exits with %i",
	async (signal, code) => {
		const run = longRun(`sqlite:${folder}`);
		await firstProgress(run);
		const [printed, exitCode] = await interrupted(run, () => {
			// Signals all processes of its group, as a terminal does.
			process.kill(-(run.pid ?? 0), signal);
		});
		expect(printed).toMatch(/^cycles +\d+ of 100,000: interrupted$/m);
		expect(printed).toMatch(/^lost +0$/m);
		expect(printed).toMatch(/^out of order in their key +0$/m);
		expect(exitCode).toBe(code);
	},
);

test.each([
	[["store"], /^writers killed with kill -9 +\d+ of 100,000: interrupted$/m],
	[["views"], /^cycles +\d+ of 100,000: interrupted$/m],
])("so does one of the %s", async (words, expected) => {
	const run = longRun(...words, `sqlite:${folder}`);
	await firstProgress(run);
	const [printed, exitCode] = await interrupted(run, () => run.kill("SIGINT"));
	expect(printed).toMatch(expected);
	expect(exitCode).toBe(130);
});
