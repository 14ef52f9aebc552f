import { Context } from "@allium/core";
import type { GroupState, Log, Slice } from "@allium/core/event";
import type {
	Append,
	Appended,
	EventStore,
	EventStoreFeatures,
	EventStoreOwner,
	Outcome,
	OwnedEventStore,
	Snapshot,
	StoreTransaction,
	StreamEvent,
	StreamPage,
	StreamRange,
	StreamSummary,
} from "@allium/core/store";
import type { BackendChannel } from "./backend-channel.ts";
import type { RequestKind } from "./backend-server.ts";
import { SimulatedGroupState } from "./simulated-group-state.ts";
import { SimulatedLog } from "./simulated-log.ts";
import { inTransaction } from "./simulated-transaction.ts";

/** The store does not know how long its clients wait. */
const background = Context.background();

/** A node's access to the simulated event store. */
export class SimulatedEventStore implements OwnedEventStore {
	readonly location: string;
	readonly owner: EventStoreOwner;
	readonly log: Log;
	/** The state of the groups that consume its log. */
	readonly state: GroupState;
	readonly #channel: BackendChannel;

	constructor(channel: BackendChannel, owner: EventStoreOwner) {
		this.location = channel.location;
		this.owner = owner;
		this.log = new SimulatedLog(channel);
		this.state = new SimulatedGroupState(channel);
		this.#channel = channel;
	}

	features(ctx: Context): Promise<EventStoreFeatures> {
		return this.#ask("read", "features", ctx, (store) => store.features(background));
	}

	identity(ctx: Context): Promise<string> {
		return this.#ask("read", "identity", ctx, (store) => store.identity(background));
	}

	append(parts: readonly Append[], ctx: Context, outcome?: Outcome): Promise<readonly Appended[]> {
		const streams = parts.map(({ stream }) => stream).join(", ") || "an outcome";
		return this.#ask("publish", `append to ${streams}`, ctx, (store) =>
			store.append(parts, background, outcome),
		);
	}

	read(stream: string, range: StreamRange, ctx: Context): Promise<StreamPage> {
		return this.#ask("read", `read ${stream}`, ctx, (store) => store.read(stream, range, background));
	}

	madeBy(stream: string, causationId: string, ctx: Context): Promise<readonly StreamEvent[]> {
		return this.#ask("read", `made by a cause in ${stream}`, ctx, (store) =>
			store.madeBy(stream, causationId, background),
		);
	}

	outcome(id: string, ctx: Context): Promise<Outcome | undefined> {
		return this.#ask("read", "outcome", ctx, (store) => store.outcome(id, background));
	}

	snapshot(stream: string, reader: string, ctx: Context): Promise<Snapshot | undefined> {
		return this.#ask("read", `snapshot of ${stream}`, ctx, (store) =>
			store.snapshot(stream, reader, background),
		);
	}

	saveSnapshot(snapshot: Snapshot, ctx: Context): Promise<void> {
		return this.#ask("write", `save the snapshot of ${snapshot.stream}`, ctx, (store) =>
			store.saveSnapshot(snapshot, background),
		);
	}

	dropSnapshots(reader: string | undefined, ctx: Context): Promise<number> {
		return this.#ask("write", "drop snapshots", ctx, (store) => store.dropSnapshots(reader, background));
	}

	streams(
		page: { readonly prefix?: string; readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<StreamSummary>> {
		return this.#ask("read", "streams", ctx, (store) => store.streams(page, background));
	}

	transaction<T>(work: (tx: StoreTransaction) => Promise<T>, ctx: Context): Promise<T> {
		return inTransaction(this.#channel, work, ctx);
	}

	/** Nothing is open, because each request has its own connection. */
	async close(): Promise<void> {}

	#ask<Answer>(
		kind: RequestKind,
		name: string,
		ctx: Context,
		run: (store: EventStore) => Promise<Answer>,
	): Promise<Answer> {
		return this.#channel.ask({ name, kind }, ctx, ({ events }) => run(events));
	}
}
