import type { Context } from "../context/context.ts";
import type { GroupState, Slice } from "../event/group-state.ts";
import { defaultMaxEventBytes, type Log } from "../event/log.ts";
import { memoryGroupState } from "../event/memory-group-state.ts";
import { MemoryHandle } from "../event/memory-handle.ts";
import { MemoryTopics, memoryLog } from "../event/memory-log.ts";
import { checkAppends, planAppends } from "./append-plan.ts";
import type {
	Append,
	Appended,
	EventStore,
	EventStoreFeatures,
	Outcome,
	Snapshot,
	StoreTransaction,
	StreamEvent,
	StreamPage,
	StreamRange,
	StreamSummary,
} from "./event-store.ts";
import { MemoryStore, withTexts } from "./memory-store.ts";
import { MemoryTransaction } from "./memory-transaction.ts";
import { outcomeKnown } from "./store-errors.ts";

/** How an event store in memory works. */
export interface MemoryEventStoreOptions {
	/**
	 * The topics. Stores that are given the same object share their streams and their groups, and logs and brokers that are given it
	 * have their events. Default: new ones.
	 */
	readonly topics?: MemoryTopics;
	/** The largest event, as text in bytes. Default: 1 MiB. */
	readonly maxEventBytes?: number;
}

/**
 * An event store within one process, for tests and for applications of a single process. Its content is lost when the
 * process ends. Its transactions take no SQL.
 *
 * @example
 * const topics = new MemoryTopics();
 * const store = memoryEventStore({ topics });
 * const broker = memoryBroker({ topics }); // delivers the events of the store
 */
export function memoryEventStore(options: MemoryEventStoreOptions = {}): EventStore {
	return new MemoryEventStore(options);
}

/** The data that the stores of the same topics share. */
const stores = new WeakMap<MemoryTopics, MemoryStore>();

function storeOf(topics: MemoryTopics): MemoryStore {
	const store = stores.get(topics) ?? new MemoryStore(topics["~topics"]);
	stores.set(topics, store);
	return store;
}

class MemoryEventStore implements EventStore {
	readonly location = "memory:";
	readonly log: Log;
	readonly state: GroupState;
	readonly #store: MemoryStore;
	readonly #features: EventStoreFeatures;
	readonly #handle = new MemoryHandle("the event store");

	constructor({
		topics = new MemoryTopics(),
		maxEventBytes = defaultMaxEventBytes,
	}: MemoryEventStoreOptions) {
		this.#store = storeOf(topics);
		this.#features = { sql: false, syncs: "later", maxEventBytes };
		this.log = memoryLog({ topics, maxEventBytes });
		this.state = memoryGroupState({ groups: this.#store.groups });
	}

	async features(ctx: Context): Promise<EventStoreFeatures> {
		this.#handle.check(ctx);
		return this.#features;
	}

	async identity(ctx: Context): Promise<string> {
		this.#handle.check(ctx);
		return this.#store.identity;
	}

	async append(parts: readonly Append[], ctx: Context, outcome?: Outcome): Promise<readonly Appended[]> {
		this.#handle.check(ctx);
		if (outcome !== undefined && this.#store.outcome(outcome.id) !== undefined)
			throw outcomeKnown(outcome.id);
		checkAppends(parts);
		const planned = planAppends(parts, this.#store).map((plan) => ({
			plan,
			events: withTexts(plan.part.events, this.#features.maxEventBytes),
		}));
		if (outcome !== undefined) this.#store.keep(outcome);
		return planned.map(({ plan, events }) => this.#store.add(plan, events));
	}

	async read(stream: string, range: StreamRange, ctx: Context): Promise<StreamPage> {
		this.#handle.check(ctx);
		return this.#store.stream(stream)?.read(range) ?? { events: [], version: 0, more: false };
	}

	async madeBy(stream: string, causationId: string, ctx: Context): Promise<readonly StreamEvent[]> {
		this.#handle.check(ctx);
		return this.#store.stream(stream)?.madeBy(causationId) ?? [];
	}

	async outcome(id: string, ctx: Context): Promise<Outcome | undefined> {
		this.#handle.check(ctx);
		return this.#store.outcome(id);
	}

	async snapshot(stream: string, reader: string, ctx: Context): Promise<Snapshot | undefined> {
		this.#handle.check(ctx);
		return this.#store.snapshot(stream, reader);
	}

	async saveSnapshot(snapshot: Snapshot, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		this.#store.saveSnapshot({ ...snapshot });
	}

	async dropSnapshots(reader: string | undefined, ctx: Context): Promise<number> {
		this.#handle.check(ctx);
		return this.#store.dropSnapshots(reader);
	}

	async streams(
		{
			prefix = "",
			after = "",
			limit,
		}: { readonly prefix?: string; readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<StreamSummary>> {
		this.#handle.check(ctx);
		const found = this.#store.streams(prefix, after);
		const items = found.slice(0, limit);
		const next = items.at(-1)?.stream;
		return found.length > limit && next !== undefined ? { items, next } : { items };
	}

	async transaction<T>(work: (tx: StoreTransaction) => Promise<T>, ctx: Context): Promise<T> {
		for (;;) {
			this.#handle.check(ctx);
			const tx = new MemoryTransaction(this.#store, this.#features.maxEventBytes);
			try {
				const result = await work(tx);
				this.#handle.check(ctx);
				if (tx.commit()) return result;
			} finally {
				tx.end();
			}
		}
	}

	async close(): Promise<void> {
		this.#handle.close();
		await Promise.all([this.log.close(), this.state.close()]);
	}
}
