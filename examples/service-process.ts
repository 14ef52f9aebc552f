import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A service as a process of its own, for tests that start, stop and kill it. */
export class ServiceProcess implements AsyncDisposable {
	readonly #child: ChildProcess;
	readonly #ended: Promise<unknown>;
	output = "";

	private constructor(child: ChildProcess) {
		this.#child = child;
		this.#ended = once(child, "exit");
		for (const stream of [child.stdout, child.stderr]) {
			stream?.on("data", (chunk) => {
				this.output += chunk;
			});
		}
	}

	/** Runs a program of the repository from its sources. */
	static spawn(file: string, env: NodeJS.ProcessEnv = {}, args: readonly string[] = []): ServiceProcess {
		const child = spawn(process.execPath, ["--conditions=@allium/source", file, ...args], {
			env: { ...process.env, ...env },
			stdio: ["ignore", "pipe", "pipe"],
		});
		return new ServiceProcess(child);
	}

	/** Runs a service and waits until it says that it is ready. */
	static async start(
		file: string,
		env: NodeJS.ProcessEnv = {},
		args: readonly string[] = [],
	): Promise<ServiceProcess> {
		const service = ServiceProcess.spawn(file, env, args);
		await service.says(" is ready ");
		return service;
	}

	/** Where it serves HTTP, as its ready line says. */
	get url(): string {
		return /is ready url=(\S+)/.exec(this.output)?.[1] ?? "";
	}

	/** Resolves when the output has the text; rejects when the process ends before. */
	async says(text: string): Promise<void> {
		while (!this.output.includes(text)) {
			if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
				throw new Error(`the process ended before it said "${text}":\n${this.output}`);
			}
			await Promise.race([
				once(this.#child.stdout as NonNullable<ChildProcess["stdout"]>, "data"),
				this.#ended,
			]);
		}
	}

	/** Sends a signal. */
	signal(name: NodeJS.Signals): void {
		this.#child.kill(name);
	}

	/** Resolves with the exit code when it has ended; null when a signal ended it. */
	async ended(): Promise<number | null> {
		await this.#ended;
		return this.#child.exitCode;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#ended;
	}
}
