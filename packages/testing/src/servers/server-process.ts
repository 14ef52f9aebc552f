import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long a server may take until it answers, in milliseconds: generous, for a busy machine. */
const startWithinMs = 120_000;

/** How often a server that starts is asked whether it answers, in milliseconds. */
const askEveryMs = 20;

/** The ports that servers get: the first one, and the one behind the last. */
const portRange = [10_000, 32_000] as const;

/** How much of a server's output is kept for error messages, in characters. */
const keptOutput = 20_000;

/** The ports and the folder of a server. They stay the same when the server is started again. */
export interface ServerPlace {
	/** Ports of 127.0.0.1 that were free. */
	readonly ports: readonly number[];
	/** An empty folder for its data, which all users may read. */
	readonly folder: string;
}

/** How to run a server. */
export interface ServerOptions {
	/** The program; see `serverProgram`. */
	readonly file: string;
	readonly args: (place: ServerPlace) => readonly string[];
	/** Whether the server answers. An error counts as no. */
	readonly answers: (place: ServerPlace) => Promise<boolean>;
	/** How many ports it needs. Default: 1. */
	readonly ports?: number;
	/** Variables added to the environment of the current process. */
	readonly env?: NodeJS.ProcessEnv;
	/** Words to put before the command, such as `via` of a host; see `@allium/testing/hosts`. Default: none. */
	readonly via?: readonly string[];
	/** The signal that asks it to end. Default: `SIGTERM`. */
	readonly stopSignal?: "SIGTERM" | "SIGINT";
	/** Whether it has a process group of its own, so that Ctrl-C in a terminal does not reach it. Default: false. */
	readonly ownGroup?: boolean;
}

/** Starts a real server for tests, on free ports and with an empty folder. Resolves when it answers. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
	const folder = await mkdtemp(join(tmpdir(), "allium-server-"));
	const server = new ServerProcess(options, { ports: await freePorts(options.ports ?? 1), folder });
	try {
		await server.restart();
		return server;
	} catch (error) {
		await server.close();
		throw error;
	}
}

/** A real server as a process of its own, which a test may kill and start again. Disposing the object ends it. */
export class ServerProcess implements AsyncDisposable {
	readonly #options: ServerOptions;
	readonly #place: ServerPlace;
	#child: ChildProcess | undefined;
	/** The end of what the server printed, on both outputs. */
	output = "";

	constructor(options: ServerOptions, place: ServerPlace) {
		this.#options = options;
		this.#place = place;
		process.on("exit", this.#killAtExit);
	}

	get ports(): readonly number[] {
		return this.#place.ports;
	}

	/** The first of its ports. */
	get port(): number {
		return this.#place.ports[0] ?? 0;
	}

	get folder(): string {
		return this.#place.folder;
	}

	/** Starts the server on its ports and data. Kills it first if it runs. Resolves when it answers. */
	async restart(): Promise<void> {
		await this.kill();
		const { file, args, env, via = [], ownGroup = false } = this.#options;
		const [command = file, ...rest] = [...via, file, ...args(this.#place)];
		const child = spawn(command, rest, {
			cwd: this.folder,
			env: { ...process.env, ...env },
			stdio: ["ignore", "pipe", "pipe"],
			detached: ownGroup,
		});
		this.#child = child;
		for (const stream of [child.stdout, child.stderr]) stream.on("data", this.#keep);
		const failed = once(child, "error").then(([error]) => Promise.reject(error));
		await Promise.race([once(child, "spawn"), failed]);
		failed.catch(() => {});
		await this.#answers(child);
	}

	/** Ends the process at once, as `kill -9` does. Resolves when it is gone. */
	kill(): Promise<void> {
		return this.#end("SIGKILL");
	}

	/** Asks the process to end. Resolves when it is gone. */
	stop(): Promise<void> {
		return this.#end(this.#options.stopSignal ?? "SIGTERM");
	}

	/**
	 * Suspends the process: connections stay, and no request is answered. On Linux the process is suspended when this
	 * returns.
	 */
	suspend(): void {
		const child = this.#child;
		if (child?.kill("SIGSTOP") !== true || process.platform !== "linux") return;
		while (!hasEnded(child) && !isHalted(child.pid)) Atomics.wait(never, 0, 0, 1);
	}

	/** Lets the process go on after `suspend`. */
	resume(): void {
		this.#child?.kill("SIGCONT");
	}

	/** Asks the process to read its files again, as many servers do on SIGHUP. */
	reload(): void {
		this.#child?.kill("SIGHUP");
	}

	/** Kills the process and removes its data. */
	async close(): Promise<void> {
		await this.kill();
		process.off("exit", this.#killAtExit);
		// A program that the server started may still write there for a moment.
		await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	async #end(signal: NodeJS.Signals): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (child?.pid === undefined || hasEnded(child)) return;
		const ended = once(child, "close");
		child.kill(signal);
		// A process that is suspended takes note of other signals only when it goes on.
		child.kill("SIGCONT");
		await ended;
	}

	/** Resolves when the server answers. Rejects when its process ends, or takes too long. */
	async #answers(child: ChildProcess): Promise<void> {
		const deadline = performance.now() + startWithinMs;
		while (!(await this.#options.answers(this.#place).catch(() => false))) {
			if (hasEnded(child)) throw new Error(`${this.#options.file} ended at its start:\n${this.output}`);
			if (performance.now() > deadline) {
				throw new Error(`${this.#options.file} did not answer within ${startWithinMs} ms:\n${this.output}`);
			}
			await new Promise((resolve) => setTimeout(resolve, askEveryMs));
		}
	}

	readonly #keep = (chunk: Buffer): void => {
		this.output = (this.output + chunk).slice(-keptOutput);
	};

	/** No server outlives the process of its tests. */
	readonly #killAtExit = (): void => {
		this.#child?.kill("SIGKILL");
	};
}

/** Waiting on it blocks this thread. */
const never = new Int32Array(new SharedArrayBuffer(4));

/** Whether a process of Linux is stopped by a signal, or gone. */
function isHalted(pid: number | undefined): boolean {
	try {
		// The state follows the name of the program, which stands in parentheses.
		return /\) [TZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
	} catch {
		return true;
	}
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
	return exitCode !== null || signalCode !== null;
}

/**
 * Ports of 127.0.0.1 that are free. All are held until the last one is found, so none comes twice. Systems give the
 * ports above to outgoing connections, and one of these could take the port of a server that is down between two starts.
 */
export async function freePorts(count: number): Promise<number[]> {
	const holders: Server[] = [];
	const ports: number[] = [];
	while (ports.length < count) {
		const port = randomInt(...portRange);
		const holder = createServer().listen(port, "127.0.0.1");
		const isFree = await once(holder, "listening").then(
			() => true,
			() => false,
		);
		if (!isFree || ports.includes(port)) continue;
		holders.push(holder);
		ports.push(port);
	}
	await Promise.all(holders.map((holder) => once(holder.close(), "close")));
	return ports;
}
