/** How the command ends; each stands in `--help`. */
export const exitCode = {
	ok: 0,
	/** The service answered with an error, or something here failed. */
	failed: 1,
	/** The command was not used as it must be. */
	usage: 2,
	/** No such service or method, or nobody who can be reached. */
	unavailable: 3,
	deadline: 4,
	/** Ctrl-C. */
	interrupted: 130,
	/** SIGTERM. */
	terminated: 143,
} as const;

/** One of the ways to end. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
