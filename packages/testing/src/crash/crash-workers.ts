import type { ServiceProcess } from "../service-process.ts";
import { runProgram } from "../suite/suite-program.ts";
import { KilledProcesses } from "./killed-processes.ts";

/** The processes that handle events, and the record of their events. */
export class CrashWorkers extends KilledProcesses {
	/** When each event was first handled, by its id, in microseconds of the machine's clock. */
	readonly first: Map<string, number> = new Map();
	/** How often events were handled. */
	handled = 0;
	/** The warnings about events that they did not handle, and about lanes that they stopped. */
	readonly warnings: string[] = [];
	readonly #args: readonly string[];

	/** @param args The arguments with which each worker is started. */
	constructor(args: readonly string[]) {
		super();
		this.#args = args;
	}

	protected run(): ServiceProcess {
		return runProgram(import.meta.url, "./crash-worker", this.#args, { ownGroup: true });
	}

	protected take(news: string): void {
		for (const [, warning = ""] of news.matchAll(/^warned (.*(?:passed over|diverged).*)$/gm)) {
			this.warnings.push(warning);
		}
		for (const [, id = "", time] of news.matchAll(/^handled (\S+) (\d+)$/gm)) {
			this.handled++;
			this.first.set(id, Math.min(this.first.get(id) ?? Number.POSITIVE_INFINITY, Number(time)));
		}
	}
}
