import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

test("the example of the guide to load passes", async () => {
	const guide = await readFile(join(root, "docs/guide/load.md"), "utf8");
	const [, program = ""] = /```ts file=bank\.test\.ts\n([\s\S]*?)```/.exec(guide) ?? [];
	// Inside the workspace, so that its packages are found as they are by a project that installed them.
	await mkdir(join(root, ".cache"), { recursive: true });
	const folder = await mkdtemp(join(root, ".cache", "load-guide-"));
	try {
		await writeFile(join(folder, "bank.test.ts"), program);
		const config = 'export default { ssr: { resolve: { conditions: ["@allium/source"] } } };';
		await writeFile(join(folder, "vitest.config.mjs"), config);
		const vitest = join(root, "node_modules/vitest/vitest.mjs");
		const { stdout } = await promisify(execFile)(process.execPath, [vitest, "run", "--testTimeout=150000"], {
			cwd: folder,
			env: { ...process.env, NO_COLOR: "1" },
		});
		expect(stdout).toContain("1 passed");
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
});
