import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withLock } from "./lock.mjs";

let folder: string;
let path: string;
const onWait = vi.fn();

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-lock-"));
	path = join(folder, "lock");
	onWait.mockReset();
});

afterEach(() => rmSync(folder, { recursive: true }));

test("several at once work one after the other, and leave no lock", async () => {
	let inside = 0;
	let most = 0;
	const work = async () => {
		inside += 1;
		most = Math.max(most, inside);
		await new Promise((resolve) => setTimeout(resolve, 20));
		inside -= 1;
	};
	await Promise.all([1, 2, 3].map(() => withLock(path, work, onWait)));
	expect(most).toBe(1);
	expect(onWait).toHaveBeenCalledWith(process.pid);
	expect(existsSync(path)).toBe(false);
});

test("work that fails gives the lock back", async () => {
	const failing = withLock(path, () => Promise.reject(new Error("no")), onWait);
	await expect(failing).rejects.toThrow("no");
	expect(existsSync(path)).toBe(false);
});

test("the lock of a dead process is broken", async () => {
	const { pid } = spawnSync(process.execPath, ["--version"]);
	writeFileSync(path, `${pid} 0`);
	expect(await withLock(path, async () => "done", onWait)).toBe("done");
	expect(onWait).not.toHaveBeenCalled();
});

test("the lock of a process that has been silent for minutes is broken, even if another process has its number", async () => {
	writeFileSync(path, `${process.pid} 0`);
	const longAgo = new Date(Date.now() - 600_000);
	utimesSync(path, longAgo, longAgo);
	expect(await withLock(path, async () => "done", onWait)).toBe("done");
});
