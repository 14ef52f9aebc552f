// The checks, then all tests: npm test, or npm test -- <arguments for Vitest>.
import { runSteps, summary } from "./check/run-steps.ts";
import { checks, tests } from "./check/steps.ts";

const results = await runSteps([...checks, tests(process.argv.slice(2))], (line) => console.log(line));
console.log(`\n${summary(results)}`);
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
