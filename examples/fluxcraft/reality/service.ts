import { setTimeout } from "node:timers/promises";
import type { Context, Service } from "allium";
import type { Game } from "../game.ts";
import { Reality } from "./contract.ts";
import type { Feed } from "./feed.ts";

/**
 * How long a watcher hears nothing before it looks at the view, in milliseconds. The view may have been behind at
 * first.
 */
const patienceMs = 2_000;

/** Finds a game in the view. */
export type FindGame = (id: string, ctx: Context) => Promise<Game | undefined>;

/**
 * Snapshots come from the view, changes from the feed. The version of a change tells whether it is the next, was in the
 * snapshot, or shows that one is missing: then another snapshot is sent.
 */
export function realityService(find: FindGame, feed: Feed): Service<typeof Reality> {
	return {
		get: current,

		async *watch({ id }, ctx) {
			using watcher = feed.watch(id);
			let seen = 0;
			let newest = 1;
			for (;;) {
				if (newest > seen) {
					const game = await atLeast(newest, id, ctx);
					yield { kind: "snapshot", ...game };
					seen = game.version;
				}
				const change = await watcher.next(patienceMs, ctx);
				newest = (change ?? (await current({ id }, ctx))).version;
				if (change === undefined || change.version !== seen + 1) continue;
				yield change;
				seen = change.version;
			}
		},
	};

	async function current({ id }: { readonly id: string }, ctx: Context): Promise<Game> {
		const game = await find(id, ctx);
		if (game === undefined) throw Reality.get.error.no_such_game();
		return game;
	}

	/** The game, once the view has this version of it. */
	async function atLeast(version: number, id: string, ctx: Context): Promise<Game> {
		for (;;) {
			const game = await current({ id }, ctx);
			if (game.version >= version) return game;
			await setTimeout(20, undefined, { signal: ctx.signal });
		}
	}
}
