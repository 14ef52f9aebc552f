import { isServiceError, type Logger, printable, type ServiceError } from "@allium/core";

/** A process that starts, runs until it is told to stop, and stops in order. */
export interface Runnable {
	/** For messages. */
	readonly name: string;
	readonly logger: Logger;
	/** Resolves when it is told to stop. */
	readonly whenStopping: Promise<void>;
	start(): Promise<void>;
	stop(): Promise<void>;
}

/**
 * The path of SIGTERM begins here: nothing else in a process that serves listens to signals.
 *
 * Starts the process, runs it until SIGTERM or SIGINT arrives or somebody stops it, and stops it. A second signal ends
 * the process at once. If it cannot start, because its port is taken for example, one sentence says so, and the exit code
 * is 1.
 */
export async function runUntilSignal(runnable: Runnable): Promise<void> {
	const { name, logger } = runnable;
	let told: NodeJS.Signals | undefined;
	const onSignal = (signal: NodeJS.Signals): void => {
		if (told !== undefined) process.exit(1);
		told = signal;
		logger.log("info", `${name} is stopping`, { signal });
		void runnable.stop();
	};
	process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
	try {
		if (!(await startOrSay(runnable))) return;
		await runnable.whenStopping;
		await runnable.stop();
		logger.log("info", `${name} has stopped`);
	} finally {
		process.removeListener("SIGTERM", onSignal).removeListener("SIGINT", onSignal);
	}
}

/** Starts, unless it is told to stop meanwhile. If that fails with a message for users, prints the message and sets the exit code to 1. */
async function startOrSay(runnable: Runnable): Promise<boolean> {
	try {
		await runnable.start();
		return true;
	} catch (error) {
		if (!isServiceError(error)) throw error;
		if (isStopped(error)) return true;
		process.stderr.write(`${printable(`${runnable.name} cannot start: ${error.message}`)}\n`);
		process.exitCode = 1;
		await runnable.stop();
		return false;
	}
}

/** Whether a start ended because the process was told to stop. */
function isStopped({ code, reason }: ServiceError): boolean {
	return code === "canceled" && reason === "stopped";
}
