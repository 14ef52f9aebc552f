import type { ServiceProcess } from "../service-process.ts";
import { runProgram } from "../suite/suite-program.ts";
import { KilledProcesses } from "./killed-processes.ts";

/** The processes that project views. */
export class ViewCrashWorkers extends KilledProcesses {
	/** What they said of views that did not go on. */
	readonly warnings: string[] = [];
	readonly #args: readonly string[];
	/** The process that took each view last. */
	readonly #holders = new Map<string, ServiceProcess>();

	/** @param args What each worker is started with. */
	constructor(args: readonly string[]) {
		super();
		this.#args = args;
	}

	/** One of those that work on a view, most of the time: what harms the others harms nothing. */
	get victim(): ServiceProcess | undefined {
		this.collect();
		const holders = [...this.#holders.values()];
		return Math.random() < 0.8 ? holders[Math.floor(Math.random() * holders.length)] : undefined;
	}

	protected run(): ServiceProcess {
		return runProgram(import.meta.url, "./view-crash-worker", this.#args, { ownGroup: true });
	}

	protected take(news: string, process: ServiceProcess): void {
		for (const [, view = ""] of news.matchAll(/^holds (.*)$/gm)) this.#holders.set(view, process);
		for (const [, warning = ""] of news.matchAll(/^warned (.*)$/gm)) this.warnings.push(warning);
	}
}
