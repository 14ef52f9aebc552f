export { type ExitCode, exitCode } from "./command/exit-code.ts";
export { type RunOptions, run } from "./run.ts";
