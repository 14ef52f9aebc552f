import { Cause, type Context, isServiceError } from "@allium/core";
import { stamped } from "@allium/core/event";
import type { EventStore } from "@allium/core/store";
import { Backoff, sleep } from "@allium/core/transport";
import type { JournalContract } from "./journal-contract.ts";
import { topicOf } from "./journal-contract.ts";
import { type Entry, entryOf, type Fact, type KeptEvent } from "./journal-entry.ts";
import { journalPages, lastRestart, restartReader } from "./journal-pages.ts";
import { isBeginning } from "./journal-state.ts";
import { generationOf, runIdOf } from "./run-id.ts";

/** How many entries the journal of a run has at most. */
export const mostEntries = 10_000;

/** A journal up to this length is read at once, without a question where its last restart is. */
const shortJournal = 100;

/** How often an entry is tried to be added while the store does not answer. */
const mostAttempts = 5;

/** The run to which a journal belongs. */
export interface JournalFacts {
	readonly workflow: string;
	readonly key: string;
	readonly stream: string;
	readonly contract: JournalContract;
	/** The app that writes. */
	readonly source: string;
}

/** The journal of a run, as far as it was read. */
export class Journal {
	readonly facts: JournalFacts;
	readonly #store: EventStore;
	readonly #entries: Entry[] = [];
	#version = 0;
	/** Made once for each beginning: each entry has an id that follows from it. */
	#runId: string | undefined;

	constructor(facts: JournalFacts, store: EventStore) {
		this.facts = facts;
		this.#store = store;
	}

	/** Reads the journal of a run, from its last restart on. */
	static async load(facts: JournalFacts, store: EventStore, ctx: Context): Promise<Journal> {
		const journal = new Journal(facts, store);
		const { events, version, more } = await store.read(facts.stream, { limit: shortJournal }, ctx);
		journal.#keep(events.map(({ event }) => entryOf(event)));
		journal.#version = events.at(-1)?.version ?? version;
		if (!more) return journal;
		const restart = await lastRestart(store, facts.stream, ctx);
		journal.#version = Math.max(journal.#version, restart - 1);
		await journal.readOn(ctx);
		return journal;
	}

	/** The end of a journal: the last entry, and whether the run may take more. */
	static async atEnd(facts: JournalFacts, store: EventStore, ctx: Context): Promise<Journal> {
		const journal = new Journal(facts, store);
		const { events, version } = await store.read(facts.stream, { backwards: true, limit: 1 }, ctx);
		journal.#keep(events.map(({ event }) => entryOf(event)));
		journal.#version = version;
		return journal;
	}

	/** How many entries there are since the last restart. */
	async length(ctx: Context): Promise<number> {
		return this.#version - (await lastRestart(this.#store, this.facts.stream, ctx));
	}

	/** From the last restart on. */
	get entries(): readonly Entry[] {
		return this.#entries;
	}

	/** The version of the stream behind the last entry. */
	get version(): number {
		return this.#version;
	}

	/** The entry that began the run. Undefined if the run has not begun. */
	get beginning(): Entry | undefined {
		return this.#entries.find(({ fact }) => isBeginning(fact));
	}

	/** The number of restarts of the run. */
	get generation(): number {
		return generationOf(this.beginning);
	}

	/** The version of the code that the run began with. */
	get codeVersion(): number {
		return this.beginning?.record.version ?? 1;
	}

	/** Unique to this run, and the same each time. */
	get runId(): string {
		const { workflow, key } = this.facts;
		this.#runId ??= runIdOf(workflow, key, this.beginning);
		return this.#runId;
	}

	/** Reads the entries that others have added, and returns them. */
	async readOn(ctx: Context): Promise<readonly Entry[]> {
		const added: Entry[] = [];
		for await (const { entries, version } of journalPages(
			this.#store,
			this.facts.stream,
			this.#version,
			ctx,
		)) {
			added.push(...entries);
			this.#version = version;
		}
		this.#keep(added);
		return added;
	}

	/**
	 * Adds entries, if nobody has added any meanwhile. Returns undefined if somebody has: `readOn` tells what.
	 *
	 * @param version of the code.
	 */
	async append(facts: readonly Fact[], version: number, ctx: Context): Promise<readonly Entry[] | undefined> {
		const first = this.#version + 1;
		const entries = facts.map((fact, index) => entryOf(this.#recordOf(fact, first + index, version, ctx)));
		return (await this.#write(entries, ctx)) === "added" ? entries : undefined;
	}

	/**
	 * Adds an event that came, unless the journal has it, perhaps from before a restart. Returns false if somebody else has
	 * added entries meanwhile.
	 *
	 * @param version of the code.
	 */
	async receive(event: KeptEvent, version: number, ctx: Context): Promise<boolean> {
		const entry = entryOf(this.#recordOf({ is: "received", event }, this.#version + 1, version, ctx));
		return (await this.#write([entry], ctx)) !== "overtaken";
	}

	async #write(entries: readonly Entry[], ctx: Context): Promise<"added" | "known" | "overtaken"> {
		const { stream, workflow } = this.facts;
		const events = entries.map(({ record }) => record);
		const part = { stream, topic: topicOf(workflow), expected: this.#version, events };
		let backoff: Backoff | undefined;
		for (;;) {
			try {
				const [appended] = await this.#store.append([part], ctx);
				if (appended === undefined || appended.duplicate) return "known";
				this.#version = appended.version;
				this.#keep(entries);
				return "added";
			} catch (error) {
				if (!isServiceError(error)) throw error;
				// The id is there, perhaps with the data of another version of the code.
				if (error.code === "already_exists") return "known";
				if (error.code === "aborted") return "overtaken";
				if (error.code !== "unavailable") throw error;
				backoff ??= new Backoff({ firstMs: 50, longestMs: 2_000 });
				if (backoff.failures >= mostAttempts) throw error;
				await sleep(backoff.next(), ctx);
			}
		}
	}

	/** Notes the place of the restart, so that earlier entries need not be read again. */
	async noteRestart(ctx: Context): Promise<void> {
		const { stream } = this.facts;
		await this.#store.saveSnapshot(
			{ stream, reader: restartReader, version: this.#version, text: "{}" },
			ctx,
		);
	}

	#keep(entries: readonly Entry[]): void {
		for (const entry of entries) {
			if (entry.fact.is === "restarted") this.#entries.length = 0;
			if (isBeginning(entry.fact)) this.#runId = undefined;
			this.#entries.push(entry);
		}
	}

	#recordOf(fact: Fact, place: number, version: number, ctx: Context): Entry["record"] {
		const { is, ...data } = fact;
		const { contract, key, source } = this.facts;
		const notBefore = fact.is === "waiting" ? fact.until : undefined;
		const of = contract[is];
		const event = {
			...of(data),
			of,
			id: this.#idOf(fact, place),
			...(notBefore !== undefined && { notBefore }),
		};
		return { ...stamped(event, { data, key }, source, ctx), version };
	}

	/**
	 * Entries that are added a second time, because no answer came, have the ids of the first time. An event is kept
	 * once, wherever its entry comes to lie; all others follow from the place, which only one of them gets.
	 */
	#idOf(fact: Fact, place: number): string {
		const type = `${topicOf(this.facts.workflow)}.${fact.is}`;
		if (fact.is === "started" || fact.is === "received") {
			return new Cause(fact.event.id).begin(type, undefined, this.facts.key).id;
		}
		// The next run has an id that follows from it, and begins with its time.
		if (fact.is === "restarted") return new Cause(this.runId).begin(type, undefined).id;
		return `${this.runId}/${place}`;
	}
}
