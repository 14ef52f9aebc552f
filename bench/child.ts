import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Answer } from "./protocol.ts";

/** Compiled code is cached, so that dozens of processes need not compile the same modules. */
const compileCache = fileURLToPath(new URL("../.cache/bench", import.meta.url));

/** The core that a process of the benchmark is pinned to: the server's, the client's, or any. */
export type Core = "server" | "client" | "any";

/** How to start a process of the benchmark. */
export interface ChildOptions {
	readonly core: Core;
	readonly execArgv?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	/** How long it may take to be ready, and to answer beyond the time of its task, in milliseconds. Default: 30 s. */
	readonly timeoutMs?: number;
}

/** Tells whether this machine can pin processes to cores. */
export const canPin: boolean =
	process.platform === "linux" &&
	availableParallelism() > 1 &&
	spawnSync("taskset", ["-p", String(process.pid)]).status === 0;

/** A process of the benchmark. It answers questions, one after the other. */
export class Child {
	readonly #process: ChildProcess;
	readonly #timeoutMs: number;
	/** Ends the wait for an answer. */
	#waiting: ((answer: Answer<unknown>) => void) | undefined;
	#ended: string | undefined;
	readonly #gone: Promise<void>;

	private constructor(process: ChildProcess, timeoutMs: number) {
		this.#process = process;
		this.#timeoutMs = timeoutMs;
		process.on("message", (answer) => this.#waiting?.(answer as Answer<unknown>));
		process.on("error", (error) => this.#fail(error.message));
		this.#gone = new Promise((resolve) => {
			process.on("exit", (code, signal) => {
				this.#fail(`its process ended with ${signal ?? `code ${code}`}`);
				resolve();
			});
		});
	}

	/** Starts a program of this folder. Resolves with what the program reports when it is ready. */
	static async start<Ready>(
		program: string,
		argument: unknown,
		{ core, execArgv = [], env = {}, timeoutMs = 30_000 }: ChildOptions,
	): Promise<{ child: Child; ready: Ready }> {
		const started = fork(new URL(program, import.meta.url), [JSON.stringify(argument)], {
			execArgv: [...process.execArgv, ...execArgv],
			env: { ...process.env, NODE_ENV: "production", NODE_COMPILE_CACHE: compileCache, ...env },
			stdio: ["ignore", "ignore", "inherit", "ipc"],
		});
		const child = new Child(started, timeoutMs);
		try {
			const ready = await child.#next<Ready>(0);
			if (core !== "any") pin(child.pid, core);
			return { child, ready };
		} catch (error) {
			await child.stop();
			throw error;
		}
	}

	get pid(): number {
		return this.#process.pid ?? 0;
	}

	/** @param forMs How long the task itself takes. */
	ask<Value>(question: unknown, forMs = 0): Promise<Value> {
		if (this.#ended !== undefined) return Promise.reject(new Error(this.#ended));
		const answer = this.#next<Value>(forMs);
		this.#process.send(question as object, (error) => {
			if (error !== null) this.#fail(error.message);
		});
		return answer;
	}

	/** Ends the process: in order, or by force if it does not end. */
	async stop(): Promise<void> {
		if (this.#ended !== undefined && this.#process.pid === undefined) return;
		if (this.#process.connected) this.#process.disconnect();
		const force = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
		await this.#gone;
		clearTimeout(force);
	}

	#next<Value>(forMs: number): Promise<Value> {
		return new Promise((resolve, reject) => {
			const settle = (answer: Answer<unknown>): void => {
				clearTimeout(timer);
				this.#waiting = undefined;
				if ("error" in answer) reject(new Error(answer.error));
				else resolve(answer.value as Value);
			};
			const late = `no answer within ${(forMs + this.#timeoutMs) / 1000} s`;
			const timer = setTimeout(() => settle({ error: late }), forMs + this.#timeoutMs);
			this.#waiting = settle;
			if (this.#ended !== undefined) settle({ error: this.#ended });
		});
	}

	#fail(reason: string): void {
		this.#ended ??= reason;
		this.#waiting?.({ error: reason });
	}
}

/** Pins all threads of a process, including the garbage collector's, to one core. */
export function pin(pid: number, core: Exclude<Core, "any">): void {
	spawnSync("taskset", ["-a", "-c", "-p", core === "server" ? "0" : "1", String(pid)]);
}
