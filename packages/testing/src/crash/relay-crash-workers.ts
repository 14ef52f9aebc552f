import type { ServiceProcess } from "../service-process.ts";
import { runProgram } from "../suite/suite-program.ts";
import { KilledProcesses } from "./killed-processes.ts";

/** The processes that forward events. */
export class RelayCrashWorkers extends KilledProcesses {
	readonly #args: readonly string[];

	/** @param args The arguments with which each worker is started. */
	constructor(args: readonly string[]) {
		super();
		this.#args = args;
	}

	protected run(): ServiceProcess {
		return runProgram(import.meta.url, "./relay-crash-worker", this.#args, { ownGroup: true });
	}

	protected take(): void {
		// The result of their work is seen in the broker.
	}
}
