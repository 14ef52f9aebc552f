import { callTargets } from "./targets/calls.ts";
import { eventTargets } from "./targets/events.ts";
import { growthTargets } from "./targets/growth.ts";
import { httpTargets } from "./targets/http.ts";
import { processTargets } from "./targets/processes.ts";
import type { Target } from "./targets/target.ts";

/** The targets that the benchmark should meet. */
export const targets: readonly Target[] = [
	...callTargets,
	...httpTargets,
	...processTargets,
	...growthTargets,
	...eventTargets,
];
