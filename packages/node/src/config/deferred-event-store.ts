import type { Context } from "@allium/core";
import type { Log, TopicLog, TopicOptions } from "@allium/core/event";
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
} from "@allium/core/store";
import type { Opening } from "./opening.ts";

/** The opening of a store. */
type StoreOpening = Pick<Opening<EventStore>, "port" | "opened" | "close">;

/** An event store that is opened when it is first needed. */
export class DeferredEventStore implements EventStore {
	readonly log: Log;
	readonly #opening: StoreOpening;

	constructor(opening: StoreOpening) {
		this.#opening = opening;
		this.log = new DeferredLog(opening);
	}

	/** Known once it is open. */
	get location(): string | undefined {
		return this.#opening.port?.location;
	}

	async features(ctx: Context): Promise<EventStoreFeatures> {
		return (await this.#opening.opened()).features(ctx);
	}

	async identity(ctx: Context): Promise<string> {
		return (await this.#opening.opened()).identity(ctx);
	}

	async append(parts: readonly Append[], ctx: Context, outcome?: Outcome): Promise<readonly Appended[]> {
		return (await this.#opening.opened()).append(parts, ctx, outcome);
	}

	async read(stream: string, range: StreamRange, ctx: Context): Promise<StreamPage> {
		return (await this.#opening.opened()).read(stream, range, ctx);
	}

	async madeBy(stream: string, causationId: string, ctx: Context): Promise<readonly StreamEvent[]> {
		return (await this.#opening.opened()).madeBy(stream, causationId, ctx);
	}

	async outcome(id: string, ctx: Context): Promise<Outcome | undefined> {
		return (await this.#opening.opened()).outcome(id, ctx);
	}

	async snapshot(stream: string, reader: string, ctx: Context): Promise<Snapshot | undefined> {
		return (await this.#opening.opened()).snapshot(stream, reader, ctx);
	}

	async saveSnapshot(snapshot: Snapshot, ctx: Context): Promise<void> {
		return (await this.#opening.opened()).saveSnapshot(snapshot, ctx);
	}

	async dropSnapshots(reader: string | undefined, ctx: Context): Promise<number> {
		return (await this.#opening.opened()).dropSnapshots(reader, ctx);
	}

	async streams(...given: Parameters<EventStore["streams"]>): ReturnType<EventStore["streams"]> {
		return (await this.#opening.opened()).streams(...given);
	}

	async transaction<T>(work: (tx: StoreTransaction) => Promise<T>, ctx: Context): Promise<T> {
		return (await this.#opening.opened()).transaction(work, ctx);
	}

	close(): Promise<void> {
		return this.#opening.close();
	}
}

/** The event store of an app. */
export class AppEventStore extends DeferredEventStore implements OwnedEventStore {
	readonly owner: EventStoreOwner;

	constructor(opening: StoreOpening, owner: EventStoreOwner) {
		super(opening);
		this.owner = owner;
	}
}

class DeferredLog implements Log {
	readonly #opening: StoreOpening;

	constructor(opening: StoreOpening) {
		this.#opening = opening;
	}

	get location(): string | undefined {
		return this.#opening.port?.log.location;
	}

	async open(topic: string, options: TopicOptions, ctx: Context): Promise<TopicLog> {
		return (await this.#opening.opened()).log.open(topic, options, ctx);
	}

	async find(topic: string, ctx: Context): Promise<TopicLog | undefined> {
		return (await this.#opening.opened()).log.find(topic, ctx);
	}

	async topics(ctx: Context): Promise<readonly string[]> {
		return (await this.#opening.opened()).log.topics(ctx);
	}

	/** It ends with its store. */
	close(): Promise<void> {
		return Promise.resolve();
	}
}
