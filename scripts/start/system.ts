import { Child, type Ending } from "./child.ts";
import type { ExampleProcess } from "./examples.ts";
import type { Output } from "./output.ts";

/** How long a process gets to stop by itself before it is killed. */
const graceMs = 12_000;
const readyMs = 60_000;

export interface SystemOptions {
	readonly cwd: string;
	readonly env: NodeJS.ProcessEnv;
	readonly output: Output;
	readonly graceMs?: number;
	readonly readyMs?: number;
}

/** A running process, and its URL. */
export interface Running {
	readonly process: ExampleProcess;
	readonly url: string;
}

/** The example system: several processes that start, run and stop together. */
export class System {
	readonly #children = new Map<ExampleProcess, Child>();
	readonly #options: SystemOptions;
	readonly #unready = new Set<string>();
	#up = false;
	#stopping = false;

	constructor(processes: readonly ExampleProcess[], options: SystemOptions) {
		this.#options = options;
		const width = Math.max(...processes.map(({ label }) => label.length));
		for (const [index, process] of processes.entries()) {
			const { label, file } = process;
			this.#unready.add(label);
			const onLine = options.output.prefixed(label.padEnd(width), index);
			const env = environmentOf(options.env, index === 0);
			this.#children.set(process, new Child({ label, file, cwd: options.cwd, env, onLine }));
		}
	}

	/**
	 * Settles when every process is ready. Undefined if the system was stopped before that.
	 *
	 * @throws Error with one sentence when a process ended instead, or took too long.
	 */
	async ready(): Promise<readonly Running[] | undefined> {
		const late = Promise.withResolvers<never>();
		const { readyMs: limit = readyMs } = this.#options;
		const timer = setTimeout(() => late.reject(new Error(this.#lateSentence(limit))), limit);
		try {
			const all = [...this.#children].map(([process, child]) => this.#readyOne(process, child));
			const running = await Promise.race([Promise.all(all), late.promise]);
			this.#up = true;
			return running;
		} catch (error) {
			if (this.#stopping) return undefined;
			throw error;
		} finally {
			clearTimeout(timer);
		}
	}

	async #readyOne(process: ExampleProcess, child: Child): Promise<Running> {
		const url = await child.ready;
		if (url === undefined) {
			throw new Error(
				`${child.label} ended before it was ready (${describe(await child.ended)}); see its lines above.`,
			);
		}
		this.#unready.delete(child.label);
		return { process, url };
	}

	#lateSentence(limit: number): string {
		return `Not ready after ${limit / 1000} s: ${[...this.#unready].join(", ")}.`;
	}

	/** Settles when no process is left. It reports a process that ends by itself after all were up. */
	async ended(): Promise<void> {
		let left = this.#children.size;
		await Promise.all(
			[...this.#children.values()].map(async (child) => {
				const ending = await child.ended;
				left -= 1;
				if (!this.#up || this.#stopping) return;
				const others = left === 0 ? "none is left" : "the others go on";
				this.#options.output.say(`${child.label} ended (${describe(ending)}); ${others}.`);
			}),
		);
	}

	/** Asks all processes to stop, and kills those that take too long. Settles when none is left. */
	async stop(): Promise<void> {
		this.#stopping = true;
		const { graceMs: grace = graceMs, output } = this.#options;
		const onLate = (label: string): void => {
			output.say(`${label} did not stop within ${grace / 1000} s; it is killed.`);
		};
		await Promise.all([...this.#children.values()].map((child) => child.stop(grace, onLate)));
	}

	/** Kills all processes at once. */
	kill(): void {
		this.#stopping = true;
		for (const child of this.#children.values()) child.kill();
	}
}

/** Only one process can have a fixed port. The first process gets it, and the others take free ports. */
function environmentOf(environment: NodeJS.ProcessEnv, first: boolean): NodeJS.ProcessEnv {
	if (first) return environment;
	const { PORT: _port, ALLIUM_LISTEN: _listen, ALLIUM_ADVERTISE: _advertise, ...rest } = environment;
	return rest;
}

function describe({ code, signal }: Ending): string {
	return signal === null ? `exit code ${code}` : signal;
}
