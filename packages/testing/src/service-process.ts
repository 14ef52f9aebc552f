import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** How to run a program. */
export interface ProcessOptions {
	/** Variables added to the environment of the current process. */
	readonly env?: NodeJS.ProcessEnv;
	readonly args?: readonly string[];
	/** Words to put before the command, such as `via` of a host; see `@allium/testing/hosts`. Default: none. */
	readonly via?: readonly string[];
	/** Whether it has a process group of its own, so that Ctrl-C in a terminal does not reach it. Default: false. */
	readonly ownGroup?: boolean;
}

/**
 * Runs a program as a separate process, for tests that start, stop and kill real services. The process uses the same
 * Node as the test. Disposing the object kills the process.
 *
 * @example
 * await using add = await ServiceProcess.start("main.ts", { env: { ALLIUM_REGISTRY: `sqlite://${folder}` } });
 * add.signal("SIGTERM");
 * expect(await add.ended()).toBe(0);
 */
export class ServiceProcess implements AsyncDisposable {
	readonly #child: ChildProcess;
	readonly #ended: Promise<unknown>;
	/** Whether it has ended and all its output has arrived. */
	#closed = false;
	/** Everything that the program has printed, on both outputs. */
	output = "";

	private constructor(child: ChildProcess) {
		this.#child = child;
		child.once("close", () => {
			this.#closed = true;
		});
		this.#ended = once(child, "close");
		for (const stream of [child.stdout, child.stderr]) {
			stream?.on("data", (chunk) => {
				this.output += chunk;
			});
		}
	}

	/** Runs a program. */
	static run(
		file: string,
		{ env, args = [], via = [], ownGroup = false }: ProcessOptions = {},
	): ServiceProcess {
		const [command = process.execPath, ...rest] = [...via, process.execPath, file, ...args];
		const child = spawn(command, rest, {
			env: { ...process.env, ...env },
			stdio: ["ignore", "pipe", "pipe"],
			detached: ownGroup,
		});
		return new ServiceProcess(child);
	}

	/** Runs a program and waits until its app reports that it is ready. */
	static async start(file: string, options: ProcessOptions = {}): Promise<ServiceProcess> {
		const service = ServiceProcess.run(file, options);
		await service.says(/ is ready /);
		return service;
	}

	/** The HTTP URL of its app, taken from its ready line. */
	get url(): string {
		return /is ready url=(\S+)/.exec(this.output)?.[1] ?? "";
	}

	/** Resolves with the match when the output matches. Rejects when the process ends first. */
	async says(pattern: RegExp): Promise<RegExpExecArray> {
		while (true) {
			const match = pattern.exec(this.output);
			if (match !== null) return match;
			if (this.#closed) {
				throw new Error(`the process ended before it said ${pattern}:\n${this.output}`);
			}
			await this.#news();
		}
	}

	/** Sends a signal. */
	signal(name: NodeJS.Signals): void {
		this.#child.kill(name);
	}

	/**
	 * Resolves when the process has ended and all its output has arrived: with the exit code, or null if a signal
	 * ended it.
	 */
	async ended(): Promise<number | null> {
		await this.#ended;
		return this.#child.exitCode;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#ended;
	}

	/** Waits for more output or for the end, and leaves no listener behind. */
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
