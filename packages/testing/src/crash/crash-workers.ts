import type { ServiceProcess } from "../service-process.ts";
import { runProgram } from "../suite/suite-program.ts";

/** A worker, and how much of its output was read. */
interface Running {
	readonly process: ServiceProcess;
	read: number;
}

/** The processes that handle events, and what they have handled. */
export class CrashWorkers implements AsyncDisposable {
	/** When each event was first handled, by its id, in microseconds of the machine's clock. */
	readonly first: Map<string, number> = new Map();
	/** How often events were handled. */
	handled = 0;
	readonly #args: readonly string[];
	readonly #running: Running[] = [];
	/** All processes that were started, to be ended with this. */
	readonly #processes: ServiceProcess[] = [];
	#starting: Promise<void>[] = [];

	/** @param args What each worker is started with. */
	constructor(args: readonly string[]) {
		this.#args = args;
	}

	get size(): number {
		return this.#running.length;
	}

	/** Starts a worker. Resolves when it works on the group. */
	async start(): Promise<void> {
		const process = runProgram(import.meta.url, "./crash-worker", this.#args);
		this.#processes.push(process);
		await process.says(/^ready$/m);
		this.#running.push({ process, read: 0 });
	}

	/** Ends one as a crash does, and starts another. Does not wait for that. */
	async kill(): Promise<void> {
		const worker = this.#take();
		worker.process.signal("SIGKILL");
		await worker.process.ended();
		this.#read(worker);
		this.#starting.push(this.start());
	}

	/** Waits until so many work on the group. */
	async work(count: number): Promise<void> {
		while (this.size < count) {
			const [first] = this.#starting.splice(0, 1);
			if (first === undefined) throw new Error(`there are no more than ${this.size} workers`);
			await first;
		}
	}

	/** Suspends one until the wait is over. */
	async suspend(wait: () => Promise<void>): Promise<void> {
		const worker = this.#take();
		worker.process.signal("SIGSTOP");
		await wait();
		worker.process.signal("SIGCONT");
		this.#running.push(worker);
	}

	/** Takes in what the workers have told since. */
	collect(): void {
		for (const worker of this.#running) this.#read(worker);
	}

	/** Ends all in order. */
	async stop(): Promise<void> {
		await Promise.all(this.#starting);
		for (const { process } of this.#running) process.signal("SIGTERM");
		await Promise.all(this.#running.map(({ process }) => process.ended()));
		this.collect();
		this.#running.length = 0;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all(this.#processes.map((process) => process[Symbol.asyncDispose]()));
		await Promise.allSettled(this.#starting);
	}

	/** Any of them. */
	#take(): Running {
		const [worker] = this.#running.splice(Math.floor(Math.random() * this.#running.length), 1);
		if (worker === undefined) throw new Error("there is no worker");
		return worker;
	}

	#read(worker: Running): void {
		const { output } = worker.process;
		// A line that a kill cut off says nothing.
		const end = output.lastIndexOf("\n") + 1;
		for (const [, id = "", time] of output.slice(worker.read, end).matchAll(/^handled (\S+) (\d+)$/gm)) {
			this.handled++;
			this.first.set(id, Math.min(this.first.get(id) ?? Number.POSITIVE_INFINITY, Number(time)));
		}
		worker.read = end;
	}
}
