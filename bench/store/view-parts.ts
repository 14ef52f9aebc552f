import { Context, silentLogger } from "@allium/core";
import type { TopicLog } from "@allium/core/event";
import type { ViewStore } from "@allium/core/store";
import { documents, fold, on, projection, type View } from "allium";
import { repeat } from "../closed-loop.ts";
import type { Part, PartFacts } from "../events/part.ts";
import { toldContract } from "../events/told.ts";

const background = Context.background();

/** Views of documents and of tables that are built from a whole topic, one after another. */
export class ViewParts {
	readonly #store: ViewStore;
	readonly #topic: TopicLog;
	#version = 0;

	/** @param topic its events are like those of {@link toldContract}. */
	constructor(store: ViewStore, topic: TopicLog) {
		this.#store = store;
		this.#topic = topic;
	}

	/** Folds each event into the document of its key. */
	documents(facts: PartFacts): Part {
		const told = fold(toldContract(this.#topic.topic), {
			told: (document: { readonly count: number }, { size }) => ({ count: document.count + size }),
		});
		const view = (version: number) => documents("documents", { version, initial: { count: 0 } }, told);
		return { ...facts, measure: (ms) => repeat(() => this.#build(view), ms) };
	}

	/** Adds each event to the row of its key. */
	tables(facts: PartFacts): Part {
		const told = on(toldContract(this.#topic.topic), {
			told: ({ id, size }, tx) => tx.sql`INSERT INTO counts VALUES (${id}, ${size})
				ON CONFLICT (id) DO UPDATE SET count = counts.count + ${size}`,
		});
		const tables = "CREATE TABLE counts (id TEXT PRIMARY KEY, count INTEGER NOT NULL)";
		const view = (version: number) => projection("tables", { version, tables }, told);
		return { ...facts, measure: (ms) => repeat(() => this.#build(view), ms) };
	}

	close(): Promise<void> {
		return this.#store.close();
	}

	/** Builds a version from the first event to the last. Returns how many events that were. */
	async #build(view: (version: number) => View<unknown>): Promise<number> {
		const { name, version, "~allium": parts } = view(++this.#version);
		const open = async () => ({ topic: this.#topic });
		const running = parts.run({ store: this.#store, logger: silentLogger, open });
		await running.start(background);
		try {
			for (;;) {
				const changed = this.#store.changed({ name, version }, background);
				if ((await this.#store.report({ name, version }, background))?.live !== undefined) break;
				await changed;
			}
		} finally {
			await running.stop();
			await this.#store.drop({ name, version }, background);
		}
		const all = await this.#topic.behind(await this.#topic.at("start", background), background);
		return [...all.values()].reduce((sum, { events }) => sum + events, 0);
	}
}
