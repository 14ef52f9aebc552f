import { join } from "node:path";
import { root } from "../workspace/root.ts";
import type { Step } from "./run-steps.ts";

const inModules = (path: string): string => join(root, "node_modules", path);
const script = (name: string): string => join(root, "scripts", name);

/** Whether the packages can be built. */
export const build: Step = { name: "build", command: [script("build.ts"), "--check"] };

/** The steps of `npm run check`. */
export const checks: readonly Step[] = [
	{ name: "types", command: [inModules("typescript/bin/tsc"), "--noEmit", "-p", root] },
	{ name: "lint", command: [inModules("@biomejs/biome/bin/biome"), "check", root] },
	build,
	{ name: "boundaries", command: [script("boundaries.ts")] },
	{ name: "browser bundle", command: [script("browser-bundle.ts")] },
	{ name: "type budget", command: [script("type-budget.ts")] },
];

/** Builds the packages as they are published. */
export const packages: Step = { name: "packages", command: [script("build.ts")] };

/** All tests. The arguments go to Vitest. */
export function tests(args: readonly string[]): Step {
	return { name: "tests", command: [inModules("vitest/vitest.mjs"), "run", ...args] };
}
