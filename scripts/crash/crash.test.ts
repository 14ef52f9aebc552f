import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashCycles } from "@allium/testing/crash";
import { expect, test } from "vitest";

test("a crash run ends with what was killed, and with nothing lost or out of order", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-crash-"));
	try {
		const module = import.meta.resolve("@allium/sqlite");
		const report = await crashCycles({ module, url: `sqlite:${folder}`, cycles: 4 });
		expect(report.kills + report.suspensions).toBe(4);
		expect(report.acknowledged).toBeGreaterThan(0);
		const sound = { lost: [], outOfOrder: [], parkedInOrder: true, parkedLeft: 0 };
		expect(report).toMatchObject({ ...sound, restarts: 0 });
	} finally {
		await rm(folder, { recursive: true });
	}
}, 180_000);
