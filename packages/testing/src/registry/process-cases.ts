import { expect } from "vitest";
import { RunningTime } from "../running-time.ts";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { ids } from "./registry-lab.ts";

const hourMs = 3_600_000;

/** Separate processes that are killed and suspended, or whose clocks are off. */
export const processCases: readonly RegistryCase[] = [
	{
		title: "a process that is killed is gone after its time to live",
		needs: ["program"],
		async run(lab) {
			const registry = await lab.open(lab.steadyTtlMs);
			const member = await lab.member("mortal");
			const watcher = await lab.watch(registry);
			expect(watcher.up).toEqual(["mortal"]);
			await member.kill();
			using time = new RunningTime();
			const before = performance.now();
			await lab.eventually(() => expect(watcher.up).toEqual([]));
			expect(time.milliseconds).toBeLessThan(lab.steadyTtlMs + lab.lateMs);
			const passed = Math.round(performance.now() - before);
			lab.figures.set("killed process gone", `${passed} ms, with a time to live of ${lab.steadyTtlMs} ms`);
			expect(await ids(registry)).toEqual([]);
		},
	},
	{
		title: "a process that is suspended for longer than its time to live goes, and comes back",
		needs: ["program"],
		async run(lab) {
			const registry = await lab.open(lab.steadyTtlMs);
			const member = await lab.member("sleeper");
			const watcher = await lab.watch(registry);
			member.suspend();
			await lab.eventually(() => expect(watcher.up).toEqual([]));
			expect(await ids(registry)).toEqual([]);
			member.resume();
			await lab.eventually(() => expect(watcher.up).toEqual(["sleeper"]));
			await lab.eventually(async () => expect(await ids(registry)).toEqual(["sleeper"]));
		},
	},
	{
		title: "a watcher that was suspended itself takes nobody for dead",
		needs: ["program"],
		async run(lab) {
			const registry = await lab.open(lab.steadyTtlMs);
			await lab.keep(registry, instance("steady"));
			const member = await lab.member("sleeper");
			await lab.eventually(() => expect(member.told.join()).toContain("steady"));
			const watcher = await lab.watch(registry);
			member.suspend();
			// The sleeper's own lease shows that a time to live has passed.
			await lab.eventually(() => expect(watcher.gone).toEqual(["sleeper"]));
			await lab.keep(registry, instance("later"));
			member.resume();
			await lab.eventually(() => expect(member.told.join()).toContain("later"));
			// An instance that was taken for dead would be reported by now, or within another time to live.
			await lab.lastOneTtl(registry);
			expect(member.told).not.toContain("down steady");
		},
	},
	{
		title: "clocks that are an hour off keep nobody alive and take nobody away",
		needs: ["program"],
		async run(lab) {
			const registry = await lab.open(lab.steadyTtlMs);
			const [ahead, behind] = [await lab.member("ahead", hourMs), await lab.member("behind", -hourMs)];
			const watcher = await lab.watch(registry);
			const told = (): string[] => [...ahead.told, ...behind.told];
			expect(watcher.up).toEqual(["ahead", "behind"]);
			await lab.eventually(() => expect(ahead.told.join()).toContain("behind"));
			await lab.eventually(() => expect(behind.told.join()).toContain("ahead"));
			await lab.lastOneTtl(registry);
			await lab.eventually(() => expect(watcher.gone).toEqual(["passing"]));
			for (const id of ["ahead", "behind"]) expect(told()).not.toContain(`down ${id}`);
			await Promise.all([ahead.kill(), behind.kill()]);
			await lab.eventually(() => expect(watcher.up).toEqual([]));
			expect(await ids(registry)).toEqual([]);
		},
	},
];
