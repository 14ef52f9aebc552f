import { EventEmitter, once } from "node:events";
import type { Context, Handlers } from "allium";
import type { Games } from "../commands/contract.ts";
import type { News } from "./contract.ts";

/** A change of a game. */
export type Change = Exclude<News, { readonly kind: "snapshot" }>;

/** Hands the changes of games to their watchers. */
export class Feed {
	readonly #watchers = new Map<string, Set<Watcher>>();

	/** The handlers of the events of all games. */
	readonly handlers: Handlers<typeof Games> = {
		joined: async (joined) => this.#tell({ kind: "joined", ...joined }),
		moved: async (moved) => this.#tell({ kind: "moved", ...moved }),
		left: async (left) => this.#tell({ kind: "left", ...left }),
	};

	/** Watches a game until it is disposed of. */
	watch(game: string): Watcher {
		const watchers = this.#watchers.get(game) ?? new Set();
		this.#watchers.set(game, watchers);
		const watcher = new Watcher(() => {
			watchers.delete(watcher);
			if (watchers.size === 0) this.#watchers.delete(game);
		});
		watchers.add(watcher);
		return watcher;
	}

	#tell(change: Change): void {
		for (const watcher of this.#watchers.get(change.id) ?? []) watcher.tell(change);
	}
}

/** The most changes that wait for one reader. */
const longestQueue = 64;

/** A watcher of a game. A watcher that is too slow misses some changes, and notices it by the versions. */
class Watcher implements Disposable {
	readonly #changes: Change[] = [];
	readonly #news = new EventEmitter();
	readonly #close: () => void;

	constructor(close: () => void) {
		this.#close = close;
	}

	tell(change: Change): void {
		if (this.#changes.length === longestQueue) this.#changes.length = 0;
		this.#changes.push(change);
		this.#news.emit("news");
	}

	/** The next change. Undefined if there is none for a while. Rejects when the context ends. */
	async next(patienceMs: number, ctx: Context): Promise<Change | undefined> {
		if (this.#changes.length === 0) {
			const { signal } = ctx.withTimeout(patienceMs);
			await once(this.#news, "news", { signal }).catch(() => {});
			if (ctx.error !== undefined) throw ctx.error;
		}
		return this.#changes.shift();
	}

	[Symbol.dispose](): void {
		this.#close();
	}
}
