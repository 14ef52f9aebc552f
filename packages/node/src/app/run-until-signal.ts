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
 * Starts, runs until SIGTERM or SIGINT, or until somebody stops it, and stops. A second signal ends the process at
 * once. What keeps it from starting, such as a port that is taken, is printed in one sentence, and the exit code is 1.
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

/** Starts; where that fails for a reason that has a sentence of its own, prints it and sets the exit code to 1. */
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
