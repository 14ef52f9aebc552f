import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isBuilt } from "../workspace/built.ts";
import { LineSplitter } from "./line-splitter.ts";
import { readyUrl } from "./ready-line.ts";

const stopWithParent = fileURLToPath(new URL("./stop-with-parent.mjs", import.meta.url));

export interface ChildOptions {
	readonly label: string;
	readonly file: string;
	readonly cwd: string;
	readonly env: NodeJS.ProcessEnv;
	readonly onLine: (line: string) => void;
}

/** How a child ended. */
export interface Ending {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
}

/** Programs find the sources of the packages, unless these were built for the tests. */
const conditions = isBuilt ? [] : ["--conditions=@allium/source"];

/**
 * Runs one program as a child process. The child leads its own process group, so that a Ctrl-C in the terminal reaches
 * only its parent, which decides how to stop it. The child stops by itself when its parent has gone.
 */
export class Child {
	readonly label: string;
	/** Settles with the child's URL when it reports that it is ready, or with undefined if it ended first. */
	readonly ready: Promise<string | undefined>;
	/** Settles when the process has gone and all its output has been passed on. */
	readonly ended: Promise<Ending>;
	readonly #process: ChildProcess;
	#closed = false;

	constructor({ label, file, cwd, env, onLine }: ChildOptions) {
		this.label = label;
		this.#process = spawn(process.execPath, [...conditions, "--import", stopWithParent, file], {
			cwd,
			env,
			detached: process.platform !== "win32",
			stdio: ["ignore", "pipe", "pipe", "ipc"],
		});
		const ready = Promise.withResolvers<string | undefined>();
		this.ready = ready.promise;
		const pass = (line: string): void => {
			onLine(line);
			const url = readyUrl(line);
			if (url !== undefined) ready.resolve(url);
		};
		this.#readLines(this.#process.stdout, pass);
		this.#readLines(this.#process.stderr, pass);
		this.ended = this.#end();
		void this.ended.then(() => ready.resolve(undefined));
	}

	/** Asks the child to stop, and kills it if it has not stopped within the time. */
	async stop(graceMs: number, onLate: (label: string) => void): Promise<Ending> {
		this.#process.kill("SIGTERM");
		const deadline = setTimeout(() => {
			onLate(this.label);
			this.kill();
		}, graceMs);
		const ending = await this.ended;
		clearTimeout(deadline);
		return ending;
	}

	/** Kills the child at once, with every process that it started. */
	kill(): void {
		const { pid } = this.#process;
		if (pid === undefined || this.#closed) return;
		try {
			process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
		} catch {
			// The last process of the group has just ended.
		}
	}

	#readLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
		const splitter = new LineSplitter(onLine);
		stream?.setEncoding("utf8");
		stream?.on("data", (text: string) => splitter.write(text));
		stream?.on("end", () => splitter.end());
	}

	#end(): Promise<Ending> {
		return new Promise((resolve) => {
			const end = (code: number | null, signal: NodeJS.Signals | null): void => {
				this.#closed = true;
				resolve({ code, signal });
			};
			this.#process.once("close", end);
			this.#process.once("error", () => end(1, null));
		});
	}
}
