import { errorText, toServiceError } from "@allium/core";
import { type HandlingError, laneOf, readEvent } from "@allium/core/event";
import type { ParkedKey, StoredDocument, ViewPlaces } from "@allium/core/store";
import { fieldsOf } from "./document-fields.ts";
import { type FedEvent, MergedFeed } from "./merged-feed.ts";
import { type ViewEvent, viewEventOf } from "./view-event.ts";
import type { ViewPart } from "./view-part.ts";
import { isUnknownVersion, later, placesOf, type ViewBatch, type ViewWork } from "./view-work.ts";

/** Takes an event into a document. */
export type Fold = (document: unknown, data: unknown, event: ViewEvent) => unknown;

/** The functions and options from which documents are made. */
export interface DocumentFolds {
	readonly parts: readonly ViewPart<Fold>[];
	readonly initial: unknown;
	readonly index: readonly string[];
}

const page = { events: 256, bytes: 1024 * 1024 };
const mostRetried = 16;

/** The changes of documents in a batch. */
class Changes {
	readonly stored: ReadonlyMap<string, string>;
	readonly documents = new Map<string, StoredDocument | null>();

	constructor(stored: ReadonlyMap<string, string>) {
		this.stored = stored;
	}

	/** The document as it is now. Undefined if there is none. Each call returns a new object. */
	of(key: string): unknown {
		const changed = this.documents.get(key);
		if (changed === null) return undefined;
		const text = changed?.text ?? this.stored.get(key);
		return text === undefined ? undefined : JSON.parse(text);
	}
}

/** Takes events into documents. A document whose event fails is parked, together with later events of its key. */
export class DocumentBatch implements ViewBatch {
	readonly #folds: DocumentFolds;
	readonly #parts: ReadonlyMap<string, ViewPart<Fold>>;
	readonly #work: ViewWork;
	/** The places of the build. */
	#places: ViewPlaces;

	constructor(folds: DocumentFolds, work: ViewWork) {
		this.#folds = folds;
		this.#parts = new Map(folds.parts.map((part) => [part.topic, part]));
		this.#work = work;
		this.#places = work.lease.places;
	}

	async take(events: readonly FedEvent[], places: ViewPlaces): Promise<void> {
		const { build, ctx, turn, mayLeave } = this.#work;
		const keys = [...new Set(events.flatMap(({ placed }) => placed.event.key ?? []))];
		const [parkedKeys, stored] = await Promise.all([build.parkedOf(keys, ctx), build.get(keys, ctx)]);
		const parked = new Set(parkedKeys.map(({ key }) => key));
		const changes = new Changes(stored);
		const park: ParkedKey[] = [];
		for (const [index, fed] of events.entries()) {
			if (turn.isOver) await turn.give();
			const { key } = fed.placed.event;
			if (key === undefined || parked.has(key)) continue;
			const error = await this.#fold(fed, key, changes);
			if (error === undefined) continue;
			const before = placesOf(events.slice(0, index));
			if (isUnknownVersion(error) && mayLeave()) {
				await this.#apply({ places: before, documents: changes.documents, park });
				throw error;
			}
			parked.add(key);
			const from = later(this.#places, before);
			park.push(this.#parkedAt(fed, key, from, error));
		}
		await this.#apply({ places, documents: changes.documents, park });
		this.#places = later(this.#places, places);
	}

	retry(): Promise<void> {
		return this.#retryAll(({ due }) => due);
	}

	retryUnknown(): Promise<void> {
		return this.#retryAll(({ error }) => error.reason === "unknown_version");
	}

	async #retryAll(isMeant: (parked: ParkedKey) => boolean): Promise<void> {
		const { build, ctx } = this.#work;
		let after: string | undefined;
		do {
			const { items, next } = await build.parked(
				{ limit: mostRetried, ...(after !== undefined && { after }) },
				ctx,
			);
			for (const parked of items) if (isMeant(parked)) await this.#retryKey(parked);
			after = next;
		} while (after !== undefined);
	}

	/** Reads the events of a key again, from the one that failed up to where the build is. */
	async #retryKey({ key, from }: ParkedKey): Promise<void> {
		const { build, logs, ctx } = this.#work;
		const ofKey = new Map<string, ReadonlyMap<number, string>>();
		for (const [topic, { topic: log }] of logs) {
			const lane = laneOf({ id: key, key }, log.lanes);
			ofKey.set(topic, new Map([[lane, from.get(topic)?.get(lane) ?? ""]]));
		}
		const feed = new MergedFeed(
			logs,
			ofKey,
			{ ...page, key },
			(topic) => new Error(`events of ${topic} are gone`),
		);
		const changes = new Changes(await build.get([key], ctx));
		let places: ViewPlaces = from;
		for (;;) {
			const { events, isAll } = await feed.next(ctx);
			for (const fed of events) {
				if (this.#isBehind(fed)) continue;
				const error = await this.#fold(fed, key, changes);
				if (error !== undefined) {
					const park = [this.#parkedAt(fed, key, places, error)];
					return this.#apply({ places: new Map(), documents: changes.documents, park });
				}
				places = later(places, placesOf([fed]));
			}
			if (events.length === 0 || isAll) break;
		}
		await this.#apply({ places: new Map(), documents: changes.documents, unpark: [key] });
	}

	/** Whether the build has not come to an event yet. */
	#isBehind({ topic, placed: { lane, cursor } }: FedEvent): boolean {
		return cursor > (this.#places.get(topic)?.get(lane) ?? "");
	}

	async #apply(change: {
		readonly places: ViewPlaces;
		readonly documents: ReadonlyMap<string, StoredDocument | null>;
		readonly park?: readonly ParkedKey[];
		readonly unpark?: readonly string[];
	}): Promise<void> {
		const { build, lease, ctx, onApplied } = this.#work;
		const sentAt = performance.now();
		await build.apply(lease, async () => change, ctx);
		onApplied(sentAt);
	}

	/** Returns why the document does not take the event. */
	async #fold({ topic, placed }: FedEvent, key: string, changes: Changes): Promise<unknown> {
		const handler = this.#parts.get(topic)?.handlers.get(placed.event.type);
		if (handler === undefined || placed.fault !== undefined) return undefined;
		try {
			const data = await readEvent(handler.type, placed.event);
			const before = changes.of(key) ?? structuredClone(this.#folds.initial);
			const after = handler.handle(before, data, viewEventOf(topic, placed));
			changes.documents.set(key, this.#stored(key, after));
			return undefined;
		} catch (error) {
			return error ?? new Error("the function threw nothing");
		}
	}

	#stored(key: string, document: unknown): StoredDocument | null {
		if (document === null) return null;
		const text = JSON.stringify(document);
		if (text === undefined || document instanceof Promise) {
			throw new TypeError("the function returns no document: return one at once, or null to delete it");
		}
		return { key, text, fields: fieldsOf(document, this.#folds.index) };
	}

	#parkedAt({ topic, placed }: FedEvent, key: string, from: ViewPlaces, error: unknown): ParkedKey {
		const { view, logger } = this.#work;
		const { lane, cursor, event } = placed;
		logger.log("error", "a document does not take an event, and is parked; the others go on", {
			view,
			key,
			event: event.type,
			id: event.id,
			error,
		});
		return {
			key,
			topic,
			lane,
			cursor,
			eventId: event.id,
			from,
			error: handlingErrorOf(error),
			since: Date.now(),
			due: false,
		};
	}
}

function handlingErrorOf(error: unknown): HandlingError {
	const { code, reason } = toServiceError(error);
	return { code, ...(reason !== undefined && { reason }), message: errorText(error) };
}
