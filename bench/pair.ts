import { Child, pin } from "./child.ts";
import type { Assignment, Measured, Ready, Task, Usage } from "./protocol.ts";

/** The stack to run, and how its processes run. */
export interface PairOptions {
	readonly file: string;
	readonly variant?: string;
	readonly pinned: boolean;
	/** Whether it has a server process. */
	readonly serves: boolean;
	readonly execArgv?: readonly string[];
}

/** The result of one measurement. */
export type Round = Measured & { readonly serverCpuSeconds: number };

/** The server process and the client process of one stack. If one process is both, it is the client. */
export class Pair {
	readonly name: string;
	/** The works that the stack can do: `sum`, `concat`, `count`. */
	readonly offers: readonly string[];
	readonly #server: ServerProcess | undefined;
	readonly #client: Child;

	private constructor(ready: Ready, server: ServerProcess | undefined, client: Child) {
		this.name = ready.name;
		this.offers = ready.offers ?? [];
		this.#server = server;
		this.#client = client;
	}

	static async start(options: PairOptions): Promise<Pair> {
		const { file, variant = "", pinned, serves, execArgv = [] } = options;
		const server = serves ? await ServerProcess.start(options) : undefined;
		try {
			const assignment: Assignment = { file, variant, address: server?.address ?? "" };
			const core = pinned ? "client" : "any";
			const { child, ready } = await Child.start<Ready>("programs/client.ts", assignment, { core, execArgv });
			return new Pair(ready, server, child);
		} catch (error) {
			await server?.stop();
			throw error;
		}
	}

	/** Runs the load, and adds its cost to the server. */
	async measure(task: Exclude<Task, { type: "usage" }>): Promise<Round> {
		const before = await this.#server?.usage();
		const forMs = task.type === "calls" ? task.milliseconds : 0;
		const measured = await this.#client.ask<Measured>(task, forMs);
		const after = await this.#server?.usage();
		return { ...measured, serverCpuSeconds: (after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0) };
	}

	async usage(): Promise<{ client: Usage; server: Usage | undefined }> {
		return { client: await this.#client.ask<Usage>({ type: "usage" }), server: await this.#server?.usage() };
	}

	async stop(): Promise<void> {
		await this.#client.stop();
		await this.#server?.stop();
	}
}

/** The server process of a stack. */
export class ServerProcess {
	readonly name: string;
	readonly address: string;
	readonly #child: Child;

	private constructor(child: Child, { name, address = "" }: Ready) {
		this.#child = child;
		this.name = name;
		this.address = address;
	}

	static async start({ file, variant = "", pinned, execArgv = [] }: PairOptions): Promise<ServerProcess> {
		const assignment: Assignment = { file, variant, address: "" };
		const core = pinned ? "server" : "any";
		const { child, ready } = await Child.start<Ready>("programs/server.ts", assignment, { core, execArgv });
		for (const helper of ready.helpers ?? []) if (pinned && helper.pin) pin(helper.pid, "server");
		return new ServerProcess(child, ready);
	}

	usage(): Promise<Usage> {
		return this.#child.ask<Usage>({});
	}

	stop(): Promise<void> {
		return this.#child.stop();
	}
}
