import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** The result of a command. */
export interface CommandResult {
	readonly code: number | null;
	/** The output of the command, stdout and stderr together. */
	readonly output: string;
}

/** Runs commands in one folder, as a person would in several terminals. The owner calls `stop`. */
export class Terminal {
	readonly #folder: string;
	readonly #env: NodeJS.ProcessEnv;
	readonly #services: { command: string; child: ChildProcess; ended: Promise<CommandResult> }[] = [];

	constructor(folder: string, env: NodeJS.ProcessEnv) {
		this.#folder = folder;
		this.#env = env;
	}

	/** Runs a command until it ends. */
	async run(command: string): Promise<CommandResult> {
		const child = this.#spawn(command);
		let output = "";
		child.stdout?.on("data", (chunk) => {
			output += chunk;
		});
		const [code] = await once(child, "close");
		return { code, output };
	}

	/**
	 * Starts a command that runs until `stop`.
	 *
	 * @returns when its output matches.
	 * @throws Error with its output when it ends before, or does not match within a minute.
	 */
	serve(command: string, ready: RegExp): Promise<void> {
		// The shell replaces itself with the command, so that signals reach the command.
		const child = this.#spawn(command.replace(/^(?:\w+=\S+ )*/, "$&exec "));
		let output = "";
		const ended = once(child, "close").then(([code]) => ({ code, output }));
		this.#services.push({ command, child, ended });
		return new Promise((resolve, reject) => {
			child.stdout?.on("data", (chunk) => {
				output += chunk;
				if (ready.test(output)) resolve();
			});
			const fail = (): void => reject(new Error(`${command} did not say ${ready}:\n${output}`));
			child.once("close", fail);
			AbortSignal.timeout(60_000).addEventListener("abort", fail);
		});
	}

	/**
	 * Stops the commands that still run, the newest first, as Ctrl-C does.
	 *
	 * @returns the result of each service.
	 */
	async stop(): Promise<readonly (CommandResult & { readonly command: string })[]> {
		const results = [];
		for (const { command, child, ended } of this.#services.splice(0).reverse()) {
			child.kill("SIGINT");
			results.push({ command, ...(await ended) });
		}
		return results;
	}

	#spawn(command: string): ChildProcess {
		return spawn("sh", ["-c", `exec 2>&1\n${command}`], {
			cwd: this.#folder,
			env: { ...process.env, ...this.#env },
			stdio: ["ignore", "pipe", "ignore"],
		});
	}
}
