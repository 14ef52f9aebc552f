import { isServiceError, type Logger, printable } from "@allium/core";

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
	const signalled = Promise.withResolvers<NodeJS.Signals>();
	let signals = 0;
	const onSignal = (signal: NodeJS.Signals): void => {
		if (++signals > 1) process.exit(1);
		signalled.resolve(signal);
	};
	process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
	try {
		if (!(await startOrSay(runnable))) return;
		const signal = await Promise.race([signalled.promise, runnable.whenStopping]);
		if (signal !== undefined) logger.log("info", `${name} is stopping`, { signal });
		await runnable.stop();
		logger.log("info", `${name} has stopped`);
	} finally {
		process.removeListener("SIGTERM", onSignal).removeListener("SIGINT", onSignal);
	}
}

/** Starts. If that fails with a message for users, prints the message and sets the exit code to 1. */
async function startOrSay(runnable: Runnable): Promise<boolean> {
	try {
		await runnable.start();
		return true;
	} catch (error) {
		if (!isServiceError(error)) throw error;
		process.stderr.write(`${printable(`${runnable.name} cannot start: ${error.message}`)}\n`);
		process.exitCode = 1;
		await runnable.stop();
		return false;
	}
}
