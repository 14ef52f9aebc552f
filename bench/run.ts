import type { Options } from "./options.ts";
import type { Failure, Figure, Results, Row } from "./results.ts";
import { type StackEntry, stacks } from "./stacks.ts";
import { spread } from "./statistics.ts";

/** The stacks that separate clients call. */
const calledByClients: readonly string[] = stacks
	.filter(({ only }) => only === undefined)
	.map(({ id }) => id);

/** One run of the benchmark: its options, and its results so far. */
export class Run implements Results {
	readonly options: Options;
	/** Whether processes are pinned to cores. */
	readonly pinned: boolean;
	readonly rows: Row[] = [];
	readonly figures: Figure[] = [];
	readonly failures: Failure[] = [];
	/** Why the packages that are installed on demand are missing. Undefined if they are there. */
	readonly #notInstalled: string | undefined;
	readonly #say: (line: string) => void;

	constructor(
		options: Options,
		parts: { pinned: boolean; notInstalled: string | undefined; say: (line: string) => void },
	) {
		this.options = options;
		this.pinned = parts.pinned;
		this.#notInstalled = parts.notInstalled;
		this.#say = parts.say;
	}

	/** Reports progress to the user. */
	progress(suite: string, text: string): void {
		this.#say(`${suite}: ${text}`);
	}

	failed(suite: string, what: string, error: unknown): void {
		const reason = error instanceof Error ? error.message : String(error);
		this.failures.push({ suite, what, reason });
		this.#say(`${suite}: ${what} failed: ${reason}`);
	}

	figure(suite: string, id: string, what: string, unit: string, values: readonly number[]): void {
		if (values.length > 0) this.figures.push({ suite, id, what, unit, ...spread(values) });
	}

	/** @throws Error if the packages that are installed on demand are missing. */
	requirePeers(): void {
		if (this.#notInstalled !== undefined) throw new Error(this.#notInstalled);
	}

	/** Returns those stacks that are chosen and can be started. It reports the others. */
	stacks(suite: string, ids: readonly string[] = calledByClients): StackEntry[] {
		const { stacks: chosen } = this.options;
		const wanted = stacks.filter(({ id }) => ids.includes(id) && (chosen?.includes(id) ?? true));
		return wanted.filter(({ id, installed }) => {
			if (!installed || this.#notInstalled === undefined) return true;
			this.failed(suite, id, this.#notInstalled);
			return false;
		});
	}
}
