import type { Context } from "@allium/core";
import type { ViewStore } from "@allium/core/store";
import { maskUrl, openViewStore, within } from "@allium/node";
import { type AskedBackend, answered } from "../command/answered.ts";
import type { Surroundings, Words } from "../command/command.ts";
import { configOf } from "../discovery/directory.ts";
import { ViewTopics } from "./view-topics.ts";

/** How long it may take to close, in milliseconds. */
const closeMs = 2_000;

/** The view store for the commands. */
export interface OpenedViews {
	readonly store: ViewStore;
	/** The URL of the store, without secrets. */
	readonly url: string;
	/** The topics with the events of the views. */
	readonly topics: ViewTopics;
	/** Sends a request to the store, and waits ten seconds at most for the answer. */
	ask<T>(run: (ctx: Context) => Promise<T>): Promise<T>;
}

/** Opens the view store that `--views` or the environment names, for the time of a command. */
export async function withViews<T>(
	words: Words,
	surroundings: Surroundings,
	use: (opened: OpenedViews) => Promise<T>,
): Promise<T> {
	const { env, cwd, adapters } = surroundings;
	const config = configOf(words, env);
	const { backends, namespace } = config;
	const choice = backends.viewStore;
	const url = maskUrl(choice.url);
	const opening = openViewStore(choice, { adapters, namespace, cwd });
	const topics = new ViewTopics(config, surroundings);
	try {
		const store = await answered(asked(url), () => opening);
		const shown = store.location ?? url;
		return await use({ store, url: shown, topics, ask: (run) => answered(asked(shown), run) });
	} finally {
		// Gives up when closing takes too long.
		const closing = [opening.then((store) => store.close()), topics.close()];
		await within(closeMs, Promise.allSettled(closing)).catch(() => {});
	}
}

/** The view store at a URL, for {@link answered}. */
function asked(url: string): AskedBackend {
	const remedies = ["Start it, or name another one with --views or ALLIUM_VIEWS."];
	return { called: "The view store", url, remedies };
}
