import { Context } from "@allium/core";
import type { Cursors, EventRecord, TopicLog } from "@allium/core/event";
import type { EventStore } from "@allium/core/store";
import { callInLoops, repeat } from "../closed-loop.ts";
import type { Part, PartFacts } from "../events/part.ts";
import { nextRecord, toldContract } from "../events/told.ts";

const background = Context.background();
const pageBounds = { events: 256, bytes: 4 * 1024 * 1024 };
/** How many events are appended at once in parts that do not measure it. */
const batch = 500;
/** How many events the loaded stream has. */
export const streamLength = 1_000;

/** The measurements of every event store. */
export class StoreParts {
	readonly #store: EventStore;

	constructor(store: EventStore) {
		this.#store = store;
	}

	/** Appends single events to 1,000 streams in turn, `atOnce` of them at a time, each with its own cause. */
	append(atOnce: number, facts: PartFacts): Part {
		const contract = toldContract("append");
		const append = async (): Promise<unknown> => {
			const record = nextRecord(contract);
			const events = [{ ...record, causationId: record.id }];
			const part = { stream: `append/${record.key}`, topic: "append", expected: "any", events } as const;
			return this.#store.append([part], background);
		};
		return { ...facts, measure: (ms) => callInLoops(append, atOnce, ms) };
	}

	/** Loads one stream whole, again and again. */
	async load(facts: PartFacts): Promise<Part> {
		await this.#fill("load", streamLength);
		const load = async (): Promise<number> => {
			const { events } = await this.#store.read("load/filled", {}, background);
			return events.length;
		};
		return { ...facts, measure: (ms) => repeat(load, ms) };
	}

	/** Reads pages of the log of a topic, all lanes, from the start on, again and again. */
	async page(events: number, facts: PartFacts): Promise<Part> {
		await this.#fill("page", events);
		const topic = await this.pages();
		const start = await topic.at("start", background);
		let after: Cursors = start;
		const page = async (): Promise<number> => {
			const { events, next } = await topic.read(after, pageBounds, background);
			after = events.length < pageBounds.events ? start : next;
			return events.length;
		};
		return { ...facts, measure: (ms) => repeat(page, ms) };
	}

	/** The topic whose pages are read. */
	pages(): Promise<TopicLog> {
		return this.#store.log.open("page", {}, background);
	}

	close(): Promise<void> {
		return this.#store.close();
	}

	async #fill(topic: string, count: number): Promise<void> {
		const contract = toldContract(topic);
		for (let left = count; left > 0; left -= batch) {
			const events: EventRecord[] = Array.from({ length: Math.min(left, batch) }, () => nextRecord(contract));
			const part = { stream: `${topic}/filled`, topic, expected: "any", events } as const;
			await this.#store.append([part], background);
		}
	}
}
