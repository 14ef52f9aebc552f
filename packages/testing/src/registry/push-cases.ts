import { expect } from "vitest";
import { RunningTime } from "../running-time.ts";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { background } from "./registry-lab.ts";

/** How soon a change must be seen where the server tells of it, in milliseconds of running time, at the median. */
const pushedWithinMs = 50;

/** How soon changes are seen. */
export const pushCases: readonly RegistryCase[] = [
	{
		title: "a change is seen by another handle as soon as the server tells of it",
		needs: ["pushes"],
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const lease = await left.register(instance("a"), background);
			const watcher = await lab.watch(right);
			const [running, passed]: [number[], number[]] = [[], []];
			for (let weight = 2; weight <= 22; weight++) {
				using time = new RunningTime();
				const before = performance.now();
				await lease.update(instance("a", { weight }));
				const seen = (): void =>
					expect(watcher.events.at(-1)).toEqual({ type: "up", instance: instance("a", { weight }) });
				await lab.eventually(seen, 1);
				running.push(time.milliseconds);
				passed.push(performance.now() - before);
			}
			for (const all of [running, passed]) all.sort((one, other) => one - other);
			lab.figures.set("change written and seen", `${passed[10]?.toFixed(1)} ms (median)`);
			expect(running[10]).toBeLessThanOrEqual(pushedWithinMs);
		},
	},
];
