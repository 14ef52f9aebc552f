import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { simulatedSoak } from "./simulated-soak.ts";
import { soak } from "./soak.ts";

const few = {
	instances: 4,
	watchers: 3,
	outageMs: 0,
	fault: "cut",
	steadyMs: 1_000,
	monitor: undefined,
} as const;

test("a soak against a registry ends with figures, and with nobody wrongly gone", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-soak-"));
	try {
		const figures = new Map(await soak({ ...few, url: `sqlite:${folder}` }, () => {}));
		expect(figures.get("instances registered")).toMatch(/^4 in \d+ ms$/);
		expect(figures.get("wrongly gone in that time")).toBe("0");
		expect(figures.get("dead instance gone for every watcher")).toMatch(/\(worst\)$/);
	} finally {
		await rm(folder, { recursive: true });
	}
});

test("a soak in the simulator counts its messages", async () => {
	const figures = new Map(await simulatedSoak({ ...few, url: "simulated:" }, () => {}));
	expect(Number(figures.get("messages a second, all together"))).toBeGreaterThan(3);
	expect(figures.get("wrongly gone")).toBe("0");
});
