import type { Context } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import { maskUrl, openEventStore, within } from "@allium/node";
import { type AskedBackend, answered } from "../command/answered.ts";
import type { Surroundings, Words } from "../command/command.ts";
import { configOf } from "../discovery/directory.ts";

/** How long it may take to close, in milliseconds. */
const closeMs = 2_000;

/** The event store for the commands. */
export interface OpenedStore {
	readonly store: EventStore;
	/** The URL of the store, without secrets. */
	readonly url: string;
	/** Sends a request to the store, and waits ten seconds at most for the answer. */
	ask<T>(run: (ctx: Context) => Promise<T>): Promise<T>;
}

/** Opens the event store that `--store` or the environment names, for the time of a command. */
export async function withStore<T>(
	words: Words,
	{ env, cwd, adapters }: Surroundings,
	use: (opened: OpenedStore) => Promise<T>,
): Promise<T> {
	const { backends, namespace } = configOf(words, env);
	const choice = backends.eventStore;
	const url = maskUrl(choice.url);
	const opening = openEventStore(choice, { adapters, namespace, cwd });
	try {
		const store = await answered(asked(url), () => opening);
		const shown = store.location ?? url;
		return await use({ store, url: shown, ask: (run) => answered(asked(shown), run) });
	} finally {
		// Gives up when closing takes too long.
		await within(
			closeMs,
			opening.then((store) => store.close()),
		).catch(() => {});
	}
}

/** The event store at a URL, for {@link answered}. */
function asked(url: string): AskedBackend {
	return {
		called: "The event store",
		url,
		remedies: ["Start it, or name another one with --store or ALLIUM_EVENTS."],
	};
}
