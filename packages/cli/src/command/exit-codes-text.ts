import { exitCode } from "./exit-code.ts";

/** The exit codes as `--help` shows them. */
export const exitCodeRows: readonly (readonly [string, string])[] = [
	[String(exitCode.ok), "done"],
	[String(exitCode.failed), "the service answered with an error, an assertion failed, or something here did"],
	[String(exitCode.usage), "the command was not used as it must be"],
	[String(exitCode.unavailable), "no such service or method, or nobody who can be reached"],
	[String(exitCode.deadline), "the deadline passed"],
	[String(exitCode.interrupted), "interrupted by Ctrl-C (143: by SIGTERM)"],
];
