// Types, lint, build, boundaries, browser bundle, type budget: npm run check.
import { runSteps, summary } from "./check/run-steps.ts";
import { checks } from "./check/steps.ts";

const results = await runSteps(checks, (line) => console.log(line));
console.log(`\n${summary(results)}`);
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
