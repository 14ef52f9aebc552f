/** The exit codes of the command. `--help` lists each. */
export const exitCode = {
	ok: 0,
	/** The service answered with an error, or the command itself failed. */
	failed: 1,
	/** The command was used wrongly. */
	usage: 2,
	/** There is no such service or method, or it cannot be reached. */
	unavailable: 3,
	deadline: 4,
	/** Ctrl-C. */
	interrupted: 130,
	/** SIGTERM. */
	terminated: 143,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
