import type { Context } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import { maskUrl, openEventStore, within } from "@allium/node";
import { type AskedBackend, answered } from "../command/answered.ts";
import type { Surroundings, Words } from "../command/command.ts";
import { configOf } from "../discovery/directory.ts";

/** How long it may take to close, in milliseconds. */
const closeMs = 2_000;

/** The event store as the commands see it. */
export interface OpenedStore {
	readonly store: EventStore;
	/** The URL of the store, without secrets. */
	readonly url: string;
	/** Asks the store, and waits no longer than ten seconds for the answer. */
	ask<T>(run: (ctx: Context) => Promise<T>): Promise<T>;
}

/** Opens the event store that `--store` names, or the environment, for the time of a command. */
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
		// What does not end in time is left behind.
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
