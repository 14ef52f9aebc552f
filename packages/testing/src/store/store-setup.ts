import type { EventStore } from "@allium/core/store";
import type { BackendSetup } from "../suite/backend-lab.ts";

/** The backend that one test of an event store runs against. */
export interface EventStoreSetup extends BackendSetup<EventStore> {
	/**
	 * The program that the suite runs as separate writers, which it kills: the module that exports `eventStore(url,
	 * options)`, by `import.meta.resolve("./index.ts")`, and the URL.
	 */
	readonly program?: { readonly module: string; readonly url: string };
	/**
	 * Begins a transaction elsewhere on the server that has written and stays idle, as that of another program may.
	 * Returns a function that ends it.
	 */
	readonly idleWriter?: () => Promise<() => Promise<void>>;
	/** Whether the work of a transaction may await other things than its transaction. */
	readonly slowTransactions?: true;
	/** How many events the longest stream has. Default: 100,000. */
	readonly many?: number;
}

/** An ability that only some event stores have. */
export type EventStoreAbility = "target" | "outage" | "program" | "idleWriter" | "slowTransactions";

/** Why a test is skipped without the ability. */
export const withoutEventStoreAbility: Readonly<Record<EventStoreAbility, string>> = {
	target: "the setup names no target to put a proxy in front of",
	outage: "the setup cannot kill and restart the server",
	program: "the setup names no program for processes of their own",
	idleWriter: "the setup cannot write beside the store",
	slowTransactions: "the work of a transaction may await nothing else",
};
