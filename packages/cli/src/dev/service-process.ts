import { type ChildProcess, spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { after } from "@allium/core/transport";
import { isChildMessage, parentVariable } from "./child-message.ts";
import { lines } from "./output-lines.ts";

const hooks = new URL(`./child-hooks${extname(fileURLToPath(import.meta.url))}`, import.meta.url).href;

/** The parts that a process needs in order to start. */
export interface ServiceProcessOptions {
	/** The absolute path of the program. */
	readonly file: string;
	readonly cwd: string;
	readonly env: NodeJS.ProcessEnv;
	/** Receives each line that the process prints. The next line is read when the promise resolves. */
	readonly onLine: (line: string) => Promise<void>;
	/** Called for each module of the project that the process loads. */
	readonly onModule: (path: string) => void;
}

/** The result of a start. */
export type Started =
	| { readonly ready: true; readonly addresses: readonly string[] }
	| { readonly ready: false; readonly ending: string; readonly portTaken: boolean };

/** How a process ended: in words, and whether it ended by itself and in order. */
export interface Ending {
	readonly text: string;
	readonly inOrder: boolean;
}

/**
 * One process of a service. It leads its own process group, so that a Ctrl-C in the terminal reaches only its parent,
 * which decides how to stop it.
 */
export class ServiceProcess {
	/** Settles when the process is ready, or has ended before that. */
	readonly started: Promise<Started>;
	/** Settles when the process has gone and all its output has been received. */
	readonly ended: Promise<Ending>;
	/** The modules of the project that the process has loaded. */
	readonly modules: Set<string> = new Set();
	readonly #process: ChildProcess;
	#isGone = false;
	#portTaken = false;

	constructor({ file, cwd, env, onLine, onModule }: ServiceProcessOptions) {
		this.modules.add(file);
		onModule(file);
		this.#process = spawn(process.execPath, [...process.execArgv, "--import", hooks, file], {
			cwd,
			env: { ...env, [parentVariable]: String(process.pid) },
			detached: process.platform !== "win32",
			stdio: ["ignore", "pipe", "pipe", "ipc"],
		});
		const started = Promise.withResolvers<Started>();
		this.started = started.promise;
		this.#process.on("message", (message) => {
			if (!isChildMessage(message)) return;
			if (message.allium === "ready") started.resolve({ ready: true, addresses: message.addresses });
			else if (message.allium === "port-taken") this.#portTaken = true;
			else if (!this.modules.has(message.path)) {
				this.modules.add(message.path);
				onModule(message.path);
			}
		});
		this.ended = this.#end(onLine);
		void this.ended.then(({ text }) =>
			started.resolve({ ready: false, ending: text, portTaken: this.#portTaken }),
		);
	}

	/** Asks the process to stop, and kills it if it has not stopped within the time. */
	async stop(graceMs: number): Promise<void> {
		this.#process.kill("SIGTERM");
		const timer = after(graceMs, () => this.kill());
		await this.ended;
		timer.stop();
	}

	/** Kills the process at once, with every process that it started. */
	kill(): void {
		const { pid } = this.#process;
		if (pid === undefined || this.#isGone) return;
		try {
			process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
		} catch {
			// The last process of the group has just ended.
		}
	}

	async #end(onLine: (line: string) => Promise<void>): Promise<Ending> {
		const closed = new Promise<Ending>((resolve) => {
			this.#process.once("error", (error) => resolve({ text: error.message, inOrder: false }));
			this.#process.once("exit", (code, signal) => {
				resolve({ text: signal ?? `exit code ${code}`, inOrder: code === 0 });
			});
		});
		const { stdout, stderr } = this.#process;
		const printed = [stdout, stderr].map(async (stream) => {
			if (stream === null) return;
			for await (const line of lines(stream)) await onLine(line);
		});
		const ending = await closed;
		this.#isGone = true;
		// A process that it started may keep its output open.
		const patience = Promise.withResolvers<void>();
		const timer = setTimeout(patience.resolve, 500);
		await Promise.race([Promise.allSettled(printed), patience.promise]);
		clearTimeout(timer);
		stdout?.destroy();
		stderr?.destroy();
		return ending;
	}
}
