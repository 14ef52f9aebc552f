import { exitCode } from "./exit-code.ts";

/** The exit codes as `--help` shows them. */
export const exitCodeRows: readonly (readonly [string, string])[] = [
	[String(exitCode.ok), "success"],
	[
		String(exitCode.failed),
		"the service answered with an error, an assertion failed, or the command itself failed",
	],
	[String(exitCode.usage), "wrong usage: an unknown option, a missing argument, an invalid value"],
	[String(exitCode.unavailable), "there is no such service or method, or it cannot be reached"],
	[String(exitCode.deadline), "the deadline passed"],
	[String(exitCode.interrupted), "interrupted by Ctrl-C (143: by SIGTERM)"],
];
