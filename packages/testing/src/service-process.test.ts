import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ServiceProcess } from "./service-process.ts";

const folder = mkdtempSync(join(tmpdir(), "allium-process-"));
afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, source: string): string {
	const file = join(folder, `${name}.mjs`);
	writeFileSync(file, source);
	return file;
}

/** Ends at once. Its output stays open until a child of its own has printed a line there. */
const early = program(
	"early",
	`import { spawn } from "node:child_process";
	const late = 'setTimeout(() => console.log("late"), 200)';
	spawn(process.execPath, ["-e", late], { stdio: "inherit", detached: true }).unref();`,
);

test("output that arrives after the process has ended is waited for", async () => {
	await using process = ServiceProcess.run(early);
	expect((await process.says(/^late$/m))[0]).toBe("late");
});

test("a process that ends before it says what is waited for is told, with all that it said", async () => {
	await using process = ServiceProcess.run(program("short", `console.log("no port is free");`));
	await expect(process.says(/is ready/)).rejects.toThrow(
		/^the process ended .*is ready.*\nno port is free\n$/,
	);
});
