import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { simulatedSoak } from "./simulated-soak.ts";
import { soak } from "./soak.ts";

const few = {
	instances: 4,
	watchers: 3,
	outageMs: 0,
	fault: "cut",
	steadyMs: 1_000,
	monitor: undefined,
	signal: new AbortController().signal,
} as const;

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-soak-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a soak against a registry ends with figures, and with nobody wrongly gone", async () => {
	const figures = new Map(await soak({ ...few, url: `sqlite:${folder}` }, () => {}));
	expect(figures.get("instances registered")).toMatch(/^4 in \d+ ms$/);
	expect(figures.get("wrongly gone in that time")).toBe("0");
	expect(figures.get("dead instance gone for every watcher")).toMatch(/\(worst\)$/);
});

test("a soak against a registry that is interrupted tells the figures that it has", async () => {
	const { signal, progress } = interruptedAt("measuring heartbeats alone");
	const figures = new Map(
		await soak({ ...few, url: `sqlite:${folder}`, steadyMs: 600_000, signal }, progress),
	);
	expect([...figures.keys()]).toEqual(["instances registered", "the run"]);
	expect(figures.get("the run")).toMatch(/^interrupted/);
});

test("a soak in the simulator that is interrupted tells the figures of the time until then", async () => {
	const { signal, progress } = interruptedAt("of heartbeats");
	const figures = new Map(
		await simulatedSoak({ ...few, url: "simulated:", steadyMs: 600_000, signal }, progress),
	);
	expect(figures.get("heartbeats measured for")).toBe("1000 ms: interrupted");
	expect(Number(figures.get("messages a second, all together"))).toBeGreaterThan(3);
});

test("a soak in the simulator counts its messages", async () => {
	const figures = new Map(await simulatedSoak({ ...few, url: "simulated:" }, () => {}));
	expect(Number(figures.get("messages a second, all together"))).toBeGreaterThan(3);
	expect(figures.get("wrongly gone")).toBe("0");
});

/** Interrupts a run when it comes to a step. */
function interruptedAt(step: string): {
	readonly signal: AbortSignal;
	readonly progress: (line: string) => void;
} {
	const controller = new AbortController();
	const progress = (line: string): void => {
		if (line.includes(step)) controller.abort();
	};
	return { signal: controller.signal, progress };
}
