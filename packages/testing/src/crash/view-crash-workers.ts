import type { ServiceProcess } from "../service-process.ts";
import { runProgram } from "../suite/suite-program.ts";
import { KilledProcesses } from "./killed-processes.ts";

/** The processes that project views. */
export class ViewCrashWorkers extends KilledProcesses {
	/** The warnings about views that stopped. */
	readonly warnings: string[] = [];
	readonly #args: readonly string[];
	/** The process that last took each view. */
	readonly #holders = new Map<string, ServiceProcess>();

	/** @param args The arguments with which each worker is started. */
	constructor(args: readonly string[]) {
		super();
		this.#args = args;
	}

	/** A process to harm: mostly one that works on a view, because harm to the others changes nothing. */
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
