import type { EventRecord } from "../event/event-record.ts";
import type { Receipt } from "../event/log.ts";
import { type AppendFacts, checkAppends, type KnownEvent, planAppends } from "./append-plan.ts";
import type { Append, Appended, StoreTransaction } from "./event-store.ts";
import { type EventWithText, type MemoryStore, withTexts } from "./memory-store.ts";
import { sqlNotOffered, transactionEnded } from "./store-errors.ts";

/** A step of a transaction. */
type Step =
	| {
			readonly do: "append";
			readonly part: Append;
			readonly events: readonly EventWithText[];
			/** The answer that the work got. If it does not hold at the end, the work runs again. */
			readonly told: Appended;
	  }
	| {
			readonly do: "publish";
			readonly topic: string;
			readonly events: readonly EventWithText[];
			readonly told: readonly Receipt[];
	  };

/**
 * Collects the steps of its work. {@link commit} applies them to the store, provided that they still have the same
 * results.
 */
export class MemoryTransaction implements StoreTransaction {
	readonly #store: MemoryStore;
	readonly #maxEventBytes: number;
	readonly #ahead: FactsAhead;
	readonly #steps: Step[] = [];
	#hasEnded = false;

	constructor(store: MemoryStore, maxEventBytes: number) {
		this.#store = store;
		this.#maxEventBytes = maxEventBytes;
		this.#ahead = new FactsAhead(store);
	}

	readonly sql = async (): Promise<never> => {
		throw sqlNotOffered("memory:");
	};

	async append(part: Append): Promise<Appended> {
		this.#check();
		checkAppends([part]);
		const events = withTexts(part.events, this.#maxEventBytes);
		const told = this.#ahead.append(part, events);
		this.#steps.push({ do: "append", part, events, told });
		return told;
	}

	async publish(topic: string, records: readonly EventRecord[]): Promise<readonly Receipt[]> {
		this.#check();
		const events = withTexts(records, this.#maxEventBytes);
		const told = this.#ahead.publish(topic, events);
		this.#steps.push({ do: "publish", topic, events, told });
		return told;
	}

	/** Refuses all further steps. */
	end(): void {
		this.#hasEnded = true;
	}

	/**
	 * Writes all steps at once. Returns false, and writes nothing, if others have changed facts meanwhile on which the
	 * steps depend.
	 */
	commit(): boolean {
		if (!this.#stillHolds()) return false;
		for (const step of this.#steps) {
			if (step.do === "publish") this.#store.publish(step.topic, step.events);
			else for (const plan of planAppends([step.part], this.#store)) this.#store.add(plan, step.events);
		}
		return true;
	}

	#stillHolds(): boolean {
		const now = new FactsAhead(this.#store);
		try {
			return this.#steps.every((step) =>
				step.do === "publish"
					? isAsTold(now.publish(step.topic, step.events), step.told)
					: isAsTold(now.append(step.part, step.events), step.told),
			);
		} catch {
			return false;
		}
	}

	#check(): void {
		if (this.#hasEnded) throw transactionEnded();
	}
}

function isAsTold(now: unknown, told: unknown): boolean {
	return JSON.stringify(now) === JSON.stringify(told);
}

/** The facts of the store as they would be once the steps so far were done. */
class FactsAhead implements AppendFacts {
	readonly #store: MemoryStore;
	readonly #streams = new Map<string, { readonly topic: string; readonly version: number }>();
	/** By topic and id. */
	readonly #events = new Map<string, KnownEvent>();

	constructor(store: MemoryStore) {
		this.#store = store;
	}

	stream(name: string): { readonly topic: string; readonly version: number } | undefined {
		return this.#streams.get(name) ?? this.#store.stream(name);
	}

	event(topic: string, id: string): KnownEvent | undefined {
		return this.#events.get(keyOf(topic, id)) ?? this.#store.event(topic, id);
	}

	append(part: Append, events: readonly EventWithText[]): Appended {
		const [plan] = planAppends([part], this);
		if (plan?.there !== undefined) return plan.there;
		const { stream, topic } = part;
		let version = plan?.before ?? 0;
		const receipts = events.map((each) => this.#put(topic, each, stream, ++version));
		if (events.length > 0) this.#streams.set(stream, { topic, version });
		return { stream, version, receipts, duplicate: false };
	}

	publish(topic: string, events: readonly EventWithText[]): readonly Receipt[] {
		return events.map((each) => {
			const known = this.event(topic, each.event.id);
			if (known === undefined) return this.#put(topic, each, undefined, 0);
			return { id: each.event.id, lane: known.lane, cursor: known.cursor, duplicate: true };
		});
	}

	/** The place of an event that is written at the end is not known before. */
	#put(topic: string, { event, text }: EventWithText, stream: string | undefined, version: number): Receipt {
		const lane = this.#store.lane(topic, event);
		this.#events.set(keyOf(topic, event.id), { text, stream, version, lane, cursor: undefined });
		return { id: event.id, lane, cursor: undefined, duplicate: false };
	}
}

function keyOf(topic: string, id: string): string {
	return JSON.stringify([topic, id]);
}
