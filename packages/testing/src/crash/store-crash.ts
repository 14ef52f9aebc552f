import type { EventStoreModule } from "../store/account-event.ts";
import { killedWriter } from "../store/killed-writer.ts";
import { writtenFaults } from "../store/written-faults.ts";

/** The options of `storeCrashCycles`. */
export interface StoreCrashOptions {
	/** The module that exports `eventStore(url, options)`, by `import.meta.resolve("./index.ts")`. */
	readonly module: string;
	readonly url: string;
	/** How many writers are killed. */
	readonly cycles: number;
	/** How many writers run at once. Default: 3. */
	readonly writers?: number;
	/** Ends the run early, after the writers in hand. The report covers the kills so far. Default: no early end. */
	readonly signal?: AbortSignal | undefined;
	/** Called with a line about the progress of the run. Default: no reports. */
	readonly progress?: (line: string) => void;
}

/** The result of `storeCrashCycles`. */
export interface StoreCrashReport {
	/** How many writers were killed: fewer than `cycles` if the run was ended early. */
	readonly kills: number;
	/** How many appends were acknowledged. Each adds two events to each of two streams. */
	readonly acknowledged: number;
	/**
	 * The faults that were found, one sentence each: appends that are missing or only partly there, events that are there
	 * twice or not in the log, versions with gaps, missing outcomes.
	 */
	readonly faults: readonly string[];
}

/** Kills processes that append to two streams at once, and finds out whether each append is in the store as a whole. */
export async function storeCrashCycles(options: StoreCrashOptions): Promise<StoreCrashReport> {
	const { module, url, cycles, writers = 3, signal, progress = () => {} } = options;
	// Each run has its own streams and ids, so that a store can be tested again.
	const run = Date.now().toString(36);
	const prefix = `crash/${run}`;
	const acknowledged: string[] = [];
	let kills = 0;
	while (kills < cycles && !signal?.aborted) {
		const count = Math.min(writers, cycles - kills);
		const dead = await Promise.all(
			Array.from({ length: count }, (_, index) =>
				killedWriter({ module, url, name: `${run}w${kills + index}`, prefix, calls: (kills + index) % 7 }),
			),
		);
		acknowledged.push(...dead.flat());
		kills += count;
		progress(`${kills} of ${cycles} writers killed, ${acknowledged.length} appends acknowledged`);
	}
	const adapter: EventStoreModule = await import(module);
	const store = await adapter.eventStore(url, {});
	try {
		const faults = await writtenFaults(store, acknowledged, prefix);
		return { kills, acknowledged: acknowledged.length, faults };
	} finally {
		await store.close();
	}
}
