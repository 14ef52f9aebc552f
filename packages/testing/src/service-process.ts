import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** How a program is run. */
export interface ProcessOptions {
	/** Added to the environment of this process. */
	readonly env?: NodeJS.ProcessEnv;
	readonly args?: readonly string[];
}

/**
 * A program as a process of its own, for tests that start, stop and kill services for real. It runs in the same
 * Node as the test; disposing it kills it.
 *
 * @example
 * await using add = await ServiceProcess.start("main.ts", { env: { ALLIUM_REGISTRY: `sqlite://${folder}` } });
 * add.signal("SIGTERM");
 * expect(await add.ended()).toBe(0);
 */
export class ServiceProcess implements AsyncDisposable {
	readonly #child: ChildProcess;
	readonly #ended: Promise<unknown>;
	/** All that it printed, on both outputs. */
	output = "";

	private constructor(child: ChildProcess) {
		this.#child = child;
		this.#ended = once(child, "close");
		for (const stream of [child.stdout, child.stderr]) {
			stream?.on("data", (chunk) => {
				this.output += chunk;
			});
		}
	}

	/** Runs a program. */
	static run(file: string, { env, args = [] }: ProcessOptions = {}): ServiceProcess {
		const child = spawn(process.execPath, [file, ...args], {
			env: { ...process.env, ...env },
			stdio: ["ignore", "pipe", "pipe"],
		});
		return new ServiceProcess(child);
	}

	/** Runs a program and waits until its app says that it is ready. */
	static async start(file: string, options: ProcessOptions = {}): Promise<ServiceProcess> {
		const service = ServiceProcess.run(file, options);
		await service.says(/ is ready /);
		return service;
	}

	/** Where its app serves HTTP, as its ready line says. */
	get url(): string {
		return /is ready url=(\S+)/.exec(this.output)?.[1] ?? "";
	}

	/** Resolves with the match when the output has it; rejects when the process ends before. */
	async says(pattern: RegExp): Promise<RegExpExecArray> {
		while (true) {
			const match = pattern.exec(this.output);
			if (match !== null) return match;
			if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
				throw new Error(`the process ended before it said ${pattern}:\n${this.output}`);
			}
			await this.#news();
		}
	}

	/** Sends a signal. */
	signal(name: NodeJS.Signals): void {
		this.#child.kill(name);
	}

	/** Resolves with the exit code when it has ended and all its output is there; null when a signal ended it. */
	async ended(): Promise<number | null> {
		await this.#ended;
		return this.#child.exitCode;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#ended;
	}

	/** Waits for further output, or for the end; leaves no listener. */
	#news(): Promise<void> {
		const child = this.#child;
		return new Promise((resolve) => {
			const done = (): void => {
				for (const stream of [child.stdout, child.stderr]) stream?.removeListener("data", done);
				child.removeListener("close", done);
				resolve();
			};
			for (const stream of [child.stdout, child.stderr]) stream?.on("data", done);
			child.on("close", done);
		});
	}
}
