import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const launcher = fileURLToPath(new URL("../bin/allium.js", import.meta.url));

test("the command runs the sources of the repository, whatever the conditions of the Node that starts it", () => {
	const { NODE_OPTIONS: _, ...env } = process.env;
	const { status, stdout } = spawnSync(process.execPath, [launcher, "--version"], { env, encoding: "utf8" });
	expect([status, stdout]).toEqual([0, "0.1.0\n"]);
});

test("the command says in one sentence that a Node is too old", () => {
	const old =
		'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } })';
	const args = ["--import", `data:text/javascript,${encodeURIComponent(old)}`, launcher, "services"];
	const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
	expect([status, stdout, stderr]).toEqual([
		1,
		"",
		"allium needs Node 24 or newer, and this is Node 20.1.0.\n",
	]);
});
