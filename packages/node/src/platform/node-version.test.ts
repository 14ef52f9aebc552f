import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("the library says in one sentence that a Node is too old", () => {
	const old =
		'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } })';
	const entry = new URL("../index.ts", import.meta.url).href;
	const args = [
		"--conditions=@allium/source",
		"--import",
		`data:text/javascript,${encodeURIComponent(old)}`,
		"--input-type=module",
		"--eval",
		`await import(${JSON.stringify(entry)}).catch((error) => console.log(error.stack))`,
	];
	const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
	expect(stdout).toBe("Allium needs Node 24 or newer, and this is Node 20.1.0.\n");
});
