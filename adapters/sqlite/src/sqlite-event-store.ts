import type { Context, Logger } from "@allium/core";
import type { GroupState, Slice } from "@allium/core/event";
import {
	type Append,
	type Appended,
	checkAppends,
	type EventStore,
	type EventStoreFeatures,
	type Outcome,
	outcomeKnown,
	type Snapshot,
	type StoreTransaction,
	type StreamEvent,
	type StreamPage,
	type StreamRange,
	type StreamSummary,
} from "@allium/core/store";
import { checkDuration } from "@allium/core/transport";
import { dataFolder } from "./data-folder.ts";
import { defaultBusyLimitMs } from "./database-file.ts";
import { type EventFile, eventFile } from "./event-file.ts";
import type { EventTables } from "./event-tables.ts";
import { endedInMicrotasks } from "./microtasks.ts";
import { newPart } from "./new-part.ts";
import { nextTurn } from "./next-turn.ts";
import { features as logFeatures, SqliteLog } from "./sqlite-log.ts";
import { sqliteGroupState } from "./sqlite-ports.ts";
import { SqliteTransaction } from "./sqlite-transaction.ts";
import type { NewPart } from "./stream-appends.ts";
import { StreamReading, streamEvent } from "./stream-reading.ts";

/** How many entries of the index of a stream are searched for a cause at once. */
const searchedAtOnce = 16_384;
/** How many snapshots one transaction removes at most. */
const droppedAtOnce = 256;

/** The options of an event store in SQLite. */
export interface SqliteEventStoreOptions {
	/**
	 * The folder from which relative paths and the search for the default folder begin. Default: the current folder.
	 */
	readonly cwd?: string;
	/** How long an operation is retried while others hold the file, in milliseconds. Default: 5000. */
	readonly busyLimitMs?: number;
	/** Is told when old events of topics cannot be removed. Default: none. */
	readonly logger?: Logger;
}

/** See `eventStore()`. */
export function sqliteEventStore(url: string, options: SqliteEventStoreOptions): EventStore {
	const busyLimitMs = checkDuration("busyLimitMs", options.busyLimitMs ?? defaultBusyLimitMs);
	const { cwd, logger } = options;
	const shared = eventFile(dataFolder(url, cwd), "the event store", busyLimitMs, logger);
	return new SqliteEventStore(shared, sqliteGroupState(url, options));
}

class SqliteEventStore implements EventStore {
	readonly location: string;
	readonly log: SqliteLog;
	readonly state: GroupState;
	readonly #shared: EventFile;
	readonly #features: EventStoreFeatures = {
		sql: true,
		syncs: logFeatures.syncs,
		maxEventBytes: logFeatures.maxEventBytes,
	};

	constructor(shared: EventFile, state: GroupState) {
		this.location = shared.location;
		this.log = new SqliteLog(shared);
		this.state = state;
		this.#shared = shared;
	}

	async features(ctx: Context): Promise<EventStoreFeatures> {
		await this.#read(() => undefined, ctx);
		return this.#features;
	}

	async identity(ctx: Context): Promise<string> {
		const known = await this.#read((tables) => tables.streams.identity(), ctx);
		return known ?? this.#shared.queue.write(({ tables }) => tables.streams.identity(), ctx);
	}

	async append(parts: readonly Append[], ctx: Context, outcome?: Outcome): Promise<readonly Appended[]> {
		let added: readonly NewPart[];
		try {
			added = this.#newParts(parts);
		} catch (error) {
			// The outcome of the call is checked before everything else.
			if (outcome !== undefined && (await this.outcome(outcome.id, ctx)) !== undefined)
				throw outcomeKnown(outcome.id);
			throw error;
		}
		const appended = await this.#shared.queue.write((now) => now.appendParts(added, outcome), ctx);
		this.#shared.bell.ring();
		return appended;
	}

	async read(stream: string, range: StreamRange, ctx: Context): Promise<StreamPage> {
		const reading = new StreamReading(stream, range);
		// Without a file there is nothing to read.
		while ((await this.#read((tables) => reading.read(tables), ctx)) === false) await nextTurn();
		return reading.page;
	}

	async madeBy(stream: string, causationId: string, ctx: Context): Promise<readonly StreamEvent[]> {
		const made: StreamEvent[] = [];
		for (let first = 1; ; first += searchedAtOnce) {
			const version = await this.#read((tables) => {
				const row = tables.streams.stream(stream);
				if (row === undefined) return 0;
				for (const event of causedBy(tables, row.id, first, causationId)) made.push(event);
				return row.version;
			}, ctx);
			if (version === undefined || version < first + searchedAtOnce) return made;
			await nextTurn();
		}
	}

	outcome(id: string, ctx: Context): Promise<Outcome | undefined> {
		return this.#read((tables) => tables.streams.outcomes.find(id), ctx);
	}

	snapshot(stream: string, reader: string, ctx: Context): Promise<Snapshot | undefined> {
		return this.#read((tables) => tables.streams.snapshots.find(stream, reader), ctx);
	}

	saveSnapshot(snapshot: Snapshot, ctx: Context): Promise<void> {
		return this.#shared.queue.write(({ tables }) => tables.streams.snapshots.save(snapshot), ctx);
	}

	async dropSnapshots(reader: string | undefined, ctx: Context): Promise<number> {
		for (let dropped = 0; ; ) {
			const count = await this.#shared.queue.write(
				({ tables }) => tables.streams.snapshots.drop(reader, droppedAtOnce),
				ctx,
			);
			dropped += count;
			if (count < droppedAtOnce) return dropped;
		}
	}

	async streams(
		{
			prefix = "",
			after,
			limit,
		}: { readonly prefix?: string; readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<StreamSummary>> {
		const read = await this.#read((tables) => tables.streams.list(prefix, after, limit + 1), ctx);
		const found = (read ?? []).filter(({ stream }) => stream.startsWith(prefix));
		const items = found.slice(0, limit);
		const last = items.at(-1);
		return found.length > limit && last !== undefined ? { items, next: last.stream } : { items };
	}

	async transaction<T>(work: (tx: StoreTransaction) => Promise<T>, ctx: Context): Promise<T> {
		const { queue, bell } = this.#shared;
		const result = await queue.work(async (now, open) => {
			const tx = new SqliteTransaction(now, open, this.#features.maxEventBytes);
			try {
				return await endedInMicrotasks(() => work(tx));
			} finally {
				tx.end();
			}
		}, ctx);
		bell.ring();
		return result;
	}

	async close(): Promise<void> {
		await Promise.all([this.#shared.close(), this.state.close()]);
	}

	/** Refuses what no store takes. */
	#newParts(parts: readonly Append[]): readonly NewPart[] {
		checkAppends(parts);
		return parts.map((part) => newPart(part, this.#features.maxEventBytes));
	}

	#read<T>(run: (tables: EventTables) => T, ctx: Context): Promise<T | undefined> {
		return this.#shared.file.read(run, ctx);
	}
}

/** The events with this cause, from a version on. */
function causedBy(tables: EventTables, stream: number, first: number, causationId: string): StreamEvent[] {
	const { streams } = tables;
	return streams
		.causedBy(stream, first, first + searchedAtOnce - 1, causationId)
		.flatMap((version) => streams.events(stream, version, version))
		.map(streamEvent)
		.filter(({ event }) => event.causationId === causationId);
}
