import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Assignment, Load, Measured } from "./protocol.ts";
import type { Stack } from "./stack.ts";

/** A server and a client process of one stack. */
export class Pair {
	readonly name: string;
	readonly #server: ChildProcess;
	readonly #client: ChildProcess;

	private constructor(name: string, server: ChildProcess, client: ChildProcess) {
		this.name = name;
		this.#server = server;
		this.#client = client;
	}

	/** Starts both; where there are two cores, each keeps to one of its own. */
	static async start(stack: string, pinned: boolean): Promise<Pair> {
		const { default: loaded } = (await import(`./stacks/${stack}`)) as { default: Stack };
		const server = child("server.ts", { stack });
		const { address } = (await answer(server)) as { address: string };
		const client = child("client.ts", { stack, address });
		await answer(client);
		if (pinned) {
			pin(server, 0);
			pin(client, 1);
		}
		return new Pair(loaded.name, server, client);
	}

	/** Drives the load, and adds what it cost the server. */
	async measure(load: Load): Promise<Measured & { serverCpuSeconds: number }> {
		const before = await this.#serverCpu();
		this.#client.send(load);
		const measured = (await answer(this.#client)) as Measured;
		return { ...measured, serverCpuSeconds: (await this.#serverCpu()) - before };
	}

	async stop(): Promise<void> {
		for (const process of [this.#client, this.#server]) {
			const ended = once(process, "exit");
			process.disconnect();
			await ended;
		}
	}

	async #serverCpu(): Promise<number> {
		this.#server.send({});
		const { cpuSeconds } = (await answer(this.#server)) as { cpuSeconds: number };
		return cpuSeconds;
	}
}

function child(file: string, assignment: Assignment): ChildProcess {
	return fork(new URL(file, import.meta.url), [JSON.stringify(assignment)], {
		env: { ...process.env, NODE_ENV: "production" },
	});
}

/** The next message of a child; rejects when it ends instead. */
async function answer(process: ChildProcess): Promise<unknown> {
	const controller = new AbortController();
	const { signal } = controller;
	try {
		const exited = once(process, "exit", { signal }).then(([code]) => {
			throw new Error(`a process of the benchmark ended with code ${code}`);
		});
		const [message] = await Promise.race([once(process, "message", { signal }), exited]);
		return message;
	} finally {
		controller.abort();
	}
}

/** All threads of the process, the garbage collector's too. */
function pin(process: ChildProcess, core: number): void {
	spawnSync("taskset", ["-a", "-c", "-p", String(core), String(process.pid)]);
}
