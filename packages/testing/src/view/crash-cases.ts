import { expect } from "vitest";
import { viewCrashCycles } from "../crash/view-crash.ts";
import { timesFrom } from "../times-from.ts";
import type { ViewStoreCase } from "./view-lab.ts";

/** Processes that project views and crash. */
export const crashCases: readonly ViewStoreCase[] = [
	{
		title:
			"views whose processes are killed and suspended have each event once, also while they are built again",
		needs: ["program"],
		timeoutMs: 900_000,
		async run(lab) {
			const { module, url } = lab.setup.program ?? expect.unreachable();
			// Fifty in CI; `ALLIUM_CRASH_CYCLES` and `npm run crash -- views` ask for more.
			const cycles = timesFrom("ALLIUM_CRASH_CYCLES", 50);
			const { kills, suspensions, events, faults } = await viewCrashCycles({ module, url, cycles });
			expect(faults).toEqual([]);
			expect(kills + suspensions).toBe(cycles);
			expect(events).toBeGreaterThan(0);
		},
	},
];
