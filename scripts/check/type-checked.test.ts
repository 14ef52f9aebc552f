import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../workspace/root.ts";

/** Projects of their own, and what a build wrote. */
const apart = /^(bench\/peers|scripts\/editor\/shop)\/|\/fixtures\/previous\//;

function lines(command: string, args: readonly string[]): string[] {
	return execFileSync(command, args, { cwd: root, encoding: "utf8" }).trim().split("\n");
}

test.skipIf(!existsSync(join(root, ".git")))("every source file of the repository is type-checked", () => {
	const tracked = lines("git", ["ls-files", "*.ts"]).filter((file) => !apart.test(file));
	const compiler = join(root, "node_modules/typescript/bin/tsc");
	const checked = new Set(lines(process.execPath, [compiler, "--listFilesOnly", "-p", root]));
	expect(tracked.filter((file) => !checked.has(join(root, file)))).toEqual([]);
});
