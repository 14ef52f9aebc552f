import type { Target } from "./target.ts";
import { cpuGrowth, figureOver, flatness, spread } from "./values.ts";

/** The targets of growth. */
export const growthTargets: readonly Target[] = [
	...["instances", "methods", "services"].flatMap((dimension): Target[] => [
		{
			what: `growth of ${dimension}: the slowest size`,
			unit: "× the smallest size",
			bound: { atLeast: 0.9 },
			value: flatness(dimension),
		},
		{
			// On a busy machine, calls/s differ by a third between two of the same size, processor time by a few percent.
			what: `growth of ${dimension}: CPU per call, of the size that takes most`,
			unit: "× the smallest size",
			bound: { atMost: 1.11 },
			value: cpuGrowth(dimension),
		},
	]),
	{
		what: "frames between apps, 64 at once: CPU per call, of the registry that is furthest from the mean of all",
		unit: "of the mean",
		bound: { atMost: 0.05 },
		value: spread("share"),
	},
	...[
		["ready", "that starts before"],
		["redeploy", "while all is redeployed, of"],
	].flatMap(([id, what]): Target[] => [
		{
			what: `a gateway ${what} 2,000 services: until it serves all`,
			unit: "× 500 services",
			bound: { atMost: 5 },
			value: figureOver(`gateway ${id} 2000`, `gateway ${id} 500`),
		},
		{
			what: `a gateway ${what} 2,000 services: its event loop blocked at worst`,
			unit: "× 500 services",
			bound: { atMost: 2 },
			value: figureOver(`gateway ${id} 2000 block`, `gateway ${id} 500 block`),
		},
	]),
];
