import type { Context } from "@allium/core";
import type { Msg, Subscription } from "@nats-io/transport-node";
import type { Entry, GroupStorage } from "./group-storage.ts";

/** The age in milliseconds at which a listing is repeated: if the server reports changes, and if it does not. */
const freshMs = 10_000;
const untoldFreshMs = 500;
const decoder = new TextDecoder();

/** Hears of a change under a key. Undefined stands for nothing. */
export type KeyListener = (entry: Entry | undefined, before: Entry | undefined) => void;

/**
 * Keeps a copy of the entries under some keys, by the server's reports of each write. They are listed at first, after
 * each loss of the connection, and from time to time.
 */
export class KeyFeed {
	readonly #storage: GroupStorage;
	readonly #keys: readonly string[];
	readonly #listener: KeyListener;
	readonly #entries = new Map<string, Entry>();
	/** The keys of which was heard since the listing began that is under way. */
	readonly #heard = new Set<string>();
	#subscriptions: readonly Subscription[] | undefined;
	#listing: Promise<void> | undefined;
	#listedAt = Number.NEGATIVE_INFINITY;
	#losses = -1;
	#isTold = true;

	constructor(storage: GroupStorage, keys: readonly string[], listener: KeyListener = () => {}) {
		this.#storage = storage;
		this.#keys = keys;
		this.#listener = listener;
	}

	/** The stored entries, by key. */
	async entries(ctx: Context): Promise<ReadonlyMap<string, Entry>> {
		const { connection } = this.#storage;
		const age = performance.now() - this.#listedAt;
		const isFresh = age < (this.#isTold ? freshMs : untoldFreshMs) && connection.lossCount === this.#losses;
		if (!isFresh || !connection.isUp) await connection.run(() => this.#list(), { ctx });
		return this.#entries;
	}

	close(): void {
		for (const subscription of this.#subscriptions ?? []) subscription.unsubscribe();
	}

	#list(): Promise<void> {
		this.#listing ??= this.#listNow().finally(() => {
			this.#listing = undefined;
		});
		return this.#listing;
	}

	async #listNow(): Promise<void> {
		const { connection } = this.#storage;
		const [startedAt, losses] = [performance.now(), connection.lossCount];
		this.#heard.clear();
		await this.#subscribe();
		const [isTold, ...lists] = await Promise.all([
			this.#storage.tells(),
			...this.#keys.map((keys) => this.#storage.list(keys)),
		]);
		const listed = lists.flat();
		for (const entry of listed) this.#take(entry);
		const there = new Set(listed.map(({ key }) => key));
		for (const [key, before] of [...this.#entries]) {
			if (there.has(key) || this.#heard.has(key)) continue;
			this.#entries.delete(key);
			this.#listener(undefined, before);
		}
		this.#isTold = isTold;
		this.#losses = losses;
		this.#listedAt = startedAt;
	}

	/** Subscriptions outlast the connection. */
	async #subscribe(): Promise<void> {
		if (this.#subscriptions !== undefined) return;
		const { client } = this.#storage.connection;
		const callback = (error: Error | null, message: Msg): void => {
			if (error === null) this.#hear(message);
		};
		this.#subscriptions = this.#keys.map((keys) =>
			client.subscribe(this.#storage.newsSubject(keys), { callback }),
		);
		await this.#storage.connection.run(() => client.flush());
	}

	#hear({ subject, data, headers }: Msg): void {
		const revision = Number(headers?.get("Nats-Sequence"));
		if (!Number.isSafeInteger(revision)) return;
		const entry = { key: this.#storage.keyOf(subject), text: decoder.decode(data), revision };
		this.#heard.add(entry.key);
		this.#take(entry);
	}

	#take(entry: Entry): void {
		const before = this.#entries.get(entry.key);
		if (before !== undefined && before.revision >= entry.revision) return;
		this.#entries.set(entry.key, entry);
		this.#listener(entry, before);
	}
}
