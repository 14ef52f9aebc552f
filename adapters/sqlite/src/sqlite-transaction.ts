import { defaultLanes, defaultRetainMs, type EventRecord, type Receipt } from "@allium/core/event";
import {
	type Append,
	type Appended,
	checkAppends,
	type Sql,
	type StoreTransaction,
	transactionEnded,
} from "@allium/core/store";
import type { OpenTransaction } from "./database-file.ts";
import type { EventTables, NewTopic } from "./event-tables.ts";
import { newEvent } from "./new-event.ts";
import { newPart } from "./new-part.ts";
import type { StreamAppends } from "./stream-appends.ts";

/** How a topic is made that is published to first. */
const topicOfEvents: NewTopic = {
	lanes: defaultLanes,
	retainMs: defaultRetainMs,
	retainBytes: Number.POSITIVE_INFINITY,
};

/** A transaction of a service. Every operation is synchronous, so that awaiting it takes only microtasks. */
export class SqliteTransaction implements StoreTransaction {
	readonly #now: StreamAppends;
	readonly #transaction: OpenTransaction<EventTables>;
	readonly #maxEventBytes: number;
	#isOver = false;
	/** The error of the file. */
	#failure: unknown;

	constructor(now: StreamAppends, transaction: OpenTransaction<EventTables>, maxEventBytes: number) {
		this.#now = now;
		this.#transaction = transaction;
		this.#maxEventBytes = maxEventBytes;
	}

	readonly sql: Sql = async <Row>(text: TemplateStringsArray, ...values: Parameters<Sql>[1][]) =>
		this.#do(() => this.#now.tables.streams.sql.run(text, values)) as Row[];

	async append(part: Append): Promise<Appended> {
		const [appended] = this.#do(() => {
			checkAppends([part]);
			return this.#now.appendParts([newPart(part, this.#maxEventBytes)]);
		});
		if (appended === undefined) throw new TypeError("one part has no answer");
		return appended;
	}

	async publish(topic: string, events: readonly EventRecord[]): Promise<readonly Receipt[]> {
		return this.#do(() => {
			const added = events.map((event) => newEvent(event, this.#maxEventBytes));
			const growing = this.#now.topic(topic, topicOfEvents);
			return added.map((each) => this.#now.add(growing, each));
		});
	}

	/** Nothing more is done. Throws what went wrong with the file, whether or not the work has caught it. */
	end(): void {
		this.#isOver = true;
		if (this.#failure !== undefined) throw this.#failure;
	}

	#do<T>(run: () => T): T {
		if (this.#isOver) throw transactionEnded();
		if (this.#failure !== undefined) throw this.#failure;
		try {
			return run();
		} catch (error) {
			const failure = this.#transaction.failure(error);
			if (failure !== error || !this.#transaction.isOpen) this.#failure = failure;
			throw failure;
		}
	}
}
