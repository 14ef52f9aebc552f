import type { Context } from "@allium/core";
import { ServiceError } from "@allium/core";
import { defaultMaxEventBytes, type GroupState, type Log, type Slice } from "@allium/core/event";
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
} from "@allium/core/store";
import { openBackend } from "./backend.ts";
import { BackendHandle } from "./backend-handle.ts";
import { GroupWriter } from "./group-writer.ts";
import { KeptTopics } from "./kept-topics.ts";
import { Outcomes } from "./outcomes.ts";
import { postgresPorts } from "./postgres-ports.ts";
import { type PostgresOptions, parsePostgresUrl } from "./postgres-url.ts";
import { Snapshots } from "./snapshots.ts";
import { runTransaction } from "./store-transaction.ts";
import { appendParts } from "./stream-appends.ts";
import { StreamReading } from "./stream-reading.ts";

/** The options of an event store on PostgreSQL. They take precedence over the URL. */
export interface PostgresEventStoreOptions extends PostgresOptions {
	/** The process that opens it. Ports with the same scope and the same database share their connections. */
	readonly scope?: object;
}

/**
 * Streams of events in tables of a PostgreSQL database: `postgres://user:password@host:5432/database`. They lie in the
 * log that a `broker` of the same database and schema delivers from, so that appended events are published.
 *
 * @throws ServiceError as `broker`.
 * @example
 * const store = await eventStore("postgres://shop:secret@db.example/shop");
 */
export async function eventStore(url: string, options: PostgresEventStoreOptions = {}): Promise<EventStore> {
	const address = parsePostgresUrl(url, options);
	const scope = options.scope ?? {};
	const { log, state } = await postgresPorts(url, { ...options, scope });
	const handle = new BackendHandle("the event store", await openBackend(address, scope));
	return new PostgresEventStore(handle, { log, state }, address.schema);
}

interface StorePorts {
	readonly log: Log;
	readonly state: GroupState;
}

class PostgresEventStore implements EventStore {
	readonly location: string;
	readonly log: Log;
	readonly state: GroupState;
	readonly #handle: BackendHandle;
	readonly #schema: string;
	readonly #features: EventStoreFeatures;
	readonly #topics: KeptTopics;
	readonly #writer: GroupWriter;
	readonly #reading: StreamReading;
	readonly #outcomes: Outcomes;
	readonly #snapshots: Snapshots;

	constructor(handle: BackendHandle, { log, state }: StorePorts, schema: string) {
		const { database } = handle.backend;
		this.location = database.place;
		this.log = log;
		this.state = state;
		this.#handle = handle;
		this.#schema = schema;
		this.#features = { sql: true, syncs: database.syncs, maxEventBytes: defaultMaxEventBytes };
		this.#topics = new KeptTopics(handle);
		this.#writer = new GroupWriter(handle, this.#topics, { schema, ...this.#features });
		this.#reading = new StreamReading(handle);
		this.#outcomes = new Outcomes(handle);
		this.#snapshots = new Snapshots(handle);
	}

	async features(ctx: Context): Promise<EventStoreFeatures> {
		this.#handle.check(ctx);
		return this.#features;
	}

	async identity(ctx: Context): Promise<string> {
		const [row] = await this.#handle.query<{ identity: string }>("SELECT identity FROM allium", [], ctx);
		if (row === undefined) throw new ServiceError({ code: "data_loss", message: "the log has no identity" });
		return row.identity;
	}

	async append(parts: readonly Append[], ctx: Context, outcome?: Outcome): Promise<readonly Appended[]> {
		this.#handle.check(ctx);
		if (outcome !== undefined) this.#outcomes.look();
		return appendParts(this.#writer, parts, outcome, ctx);
	}

	read(stream: string, range: StreamRange, ctx: Context): Promise<StreamPage> {
		return this.#reading.page(stream, range, ctx);
	}

	madeBy(stream: string, causationId: string, ctx: Context): Promise<readonly StreamEvent[]> {
		return this.#reading.madeBy(stream, causationId, ctx);
	}

	outcome(id: string, ctx: Context): Promise<Outcome | undefined> {
		return this.#outcomes.get(id, ctx);
	}

	snapshot(stream: string, reader: string, ctx: Context): Promise<Snapshot | undefined> {
		return this.#snapshots.get(stream, reader, ctx);
	}

	saveSnapshot(snapshot: Snapshot, ctx: Context): Promise<void> {
		return this.#snapshots.save(snapshot, ctx);
	}

	dropSnapshots(reader: string | undefined, ctx: Context): Promise<number> {
		return this.#snapshots.drop(reader, ctx);
	}

	streams(
		page: { readonly prefix?: string; readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<StreamSummary>> {
		return this.#reading.streams(page, ctx);
	}

	async transaction<T>(work: (tx: StoreTransaction) => Promise<T>, ctx: Context): Promise<T> {
		this.#handle.check(ctx);
		const { maxEventBytes } = this.#features;
		return runTransaction(this.#handle, this.#topics, { schema: this.#schema, maxEventBytes }, work, ctx);
	}

	async close(): Promise<void> {
		this.#outcomes.close();
		await Promise.all([this.#handle.close(), this.log.close(), this.state.close()]);
	}
}
