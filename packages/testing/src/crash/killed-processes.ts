import type { ServiceProcess } from "../service-process.ts";

/** A process, and how much of its output has been read. */
interface Running {
	readonly process: ServiceProcess;
	read: number;
}

/** Processes that are killed and suspended while they work, and their output. Each prints "ready" when it works. */
export abstract class KilledProcesses implements AsyncDisposable {
	readonly #running: Running[] = [];
	/** All processes that were started. Disposing this object ends them. */
	readonly #processes: ServiceProcess[] = [];
	#starting: Promise<void>[] = [];

	/** Runs the program, in a process group of its own: Ctrl-C ends the run in order, and that takes its processes. */
	protected abstract run(): ServiceProcess;

	/** Takes the whole lines that a process has printed since the last call. */
	protected abstract take(news: string, process: ServiceProcess): void;

	get size(): number {
		return this.#running.length;
	}

	/** Starts a process. Resolves when it works. */
	async start(): Promise<void> {
		const process = this.run();
		this.#processes.push(process);
		await process.says(/^ready$/m);
		this.#running.push({ process, read: 0 });
	}

	/**
	 * Kills a process and starts another. Does not wait for the new one.
	 *
	 * @param wanted Default: any of them.
	 */
	async kill(wanted?: ServiceProcess): Promise<void> {
		const worker = this.#pick(wanted);
		worker.process.signal("SIGKILL");
		await worker.process.ended();
		this.#read(worker);
		this.#starting.push(this.start());
	}

	/** Waits until `count` processes work. */
	async work(count: number): Promise<void> {
		while (this.size < count) {
			const [first] = this.#starting.splice(0, 1);
			if (first === undefined) throw new Error(`there are no more than ${this.size} workers`);
			await first;
		}
	}

	/**
	 * Suspends a process until the wait is over.
	 *
	 * @param wanted Default: any of them.
	 */
	async suspend(wait: () => Promise<void>, wanted?: ServiceProcess): Promise<void> {
		const worker = this.#pick(wanted);
		worker.process.signal("SIGSTOP");
		await wait();
		worker.process.signal("SIGCONT");
		this.#running.push(worker);
	}

	/** Reads the new output of the processes. */
	collect(): void {
		for (const worker of this.#running) this.#read(worker);
	}

	/** Ends all processes in order. */
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

	/** Removes one from the processes that work. */
	#pick(wanted?: ServiceProcess): Running {
		const found = this.#running.findIndex(({ process }) => process === wanted);
		const index = found >= 0 ? found : Math.floor(Math.random() * this.#running.length);
		const [worker] = this.#running.splice(index, 1);
		if (worker === undefined) throw new Error("there is no worker");
		return worker;
	}

	#read(worker: Running): void {
		const { output } = worker.process;
		// A line that a kill cut off is ignored.
		const end = output.lastIndexOf("\n") + 1;
		this.take(output.slice(worker.read, end), worker.process);
		worker.read = end;
	}
}
