import type { AnyContract, Context, EventData, EventName } from "@allium/core";
import type { Slice } from "@allium/core/event";
import { DocumentBatch, type Fold } from "./document-batch.ts";
import { fieldText } from "./document-fields.ts";
import type { ReachedPosition } from "./reached-position.ts";
import type { View } from "./view.ts";
import type { ViewEvent } from "./view-event.ts";
import { viewOf } from "./view-of.ts";
import { type ViewPart, viewPart } from "./view-part.ts";
import type { ViewReading } from "./view-reading.ts";

/**
 * Functions that take events of a contract into a document, by name. The functions of `evolve` fit. `null` deletes the
 * document.
 */
export type Folds<C extends AnyContract, D> = {
	readonly [K in keyof C as Extract<K, EventName<C>>]?: (
		document: D,
		data: EventData<C[K]>,
		event: ViewEvent,
	) => D | null;
};

/** The functions by which the events of one contract change documents. Made by {@link fold}. */
export interface DocumentsPart<D> {
	/** @internal */
	readonly "~part": ViewPart<Fold>;
	/** @internal Only a type: the type of the documents. */
	readonly "~document"?: D;
}

/**
 * Declares how the events of a contract change documents. Each event changes the document of its key.
 *
 * @throws TypeError for a function that is named like no event of the contract, and for an event without a key.
 * @example
 * fold(Account, { deposited: (account, { amount }) => ({ ...account, balance: account.balance + amount }) })
 */
export function fold<C extends AnyContract, D>(contract: C, functions: Folds<C, D>): DocumentsPart<D>;
export function fold(contract: AnyContract, functions: object): DocumentsPart<unknown> {
	const part = viewPart("fold", contract, functions, isFold);
	for (const { type } of part.handlers.values()) {
		if (type.key !== undefined) continue;
		throw new TypeError(
			`fold(${part.topic}): ${type.type} has no key, so it belongs to no document; give the event a key, or take a projection`,
		);
	}
	return { "~part": part };
}

function isFold(value: unknown): value is Fold {
	return typeof value === "function";
}

/** The value of a field by which documents are found. */
export type FieldValue = string | number | boolean;

/** The version and the beginning of documents. */
export interface DocumentsOptions<D, Field extends string> {
	/** A positive integer. A new version of the view is built from all events, while the old one stays readable. */
	readonly version: number;
	/** The document before its first event. */
	readonly initial: D;
	/** The fields by which documents are found: strings, numbers or booleans. Default: only by key. */
	readonly index?: readonly Field[];
}

/** A document and its key. */
export interface KeyedDocument<D> {
	readonly key: string;
	readonly document: D;
}

/** Which documents to find. */
export interface FindDocuments<D, Field extends string> {
	/** The values of indexed fields, all of which a document has. Default: all documents. */
	readonly where?: { readonly [F in Field & keyof D]?: D[F] & FieldValue };
	/** The place to continue from: `next` of the previous page. */
	readonly after?: string | undefined;
	/** At most 1,000. Default: 100. */
	readonly limit?: number;
}

/**
 * Reads documents. A read waits until the view is built, as long as the deadline of the context and 10 seconds at most,
 * and for what `after` says.
 */
export interface DocumentsReader<D, Field extends string> {
	/** The document of a key; undefined when there is none. Rejects with `failed_precondition`, reason `parked`, after `after` when it does not take its events. */
	get(key: string, ctx: Context): Promise<D | undefined>;
	/** A page of documents, in the order of their keys. */
	find(wanted: FindDocuments<D, Field>, ctx: Context): Promise<Slice<KeyedDocument<D>>>;
	/**
	 * Resolves when the view has the event at a position. Rejects with `failed_precondition` for another log, for a position
	 * that the log does not have, and when its document is parked.
	 */
	reached(position: ReachedPosition, ctx: Context): Promise<void>;
}

/**
 * A view of documents: of each key a JSON value, which events of that key fold. The same functions as a decider's
 * `evolve` do it. A document that does not take an event is parked: it stays as it is, the others go on.
 *
 * @param name up to 64 letters, digits, "-" and "_".
 * @throws ServiceError `invalid_argument` for a name or version that cannot be used; TypeError for parts that do not fit.
 * @example
 * export const balances = documents("balances", { version: 1, initial, index: ["owner"] }, fold(Account, ledger.evolve));
 */
export function documents<D, const Field extends keyof D & string = never>(
	name: string,
	{ version, initial, index = [] }: DocumentsOptions<D, Field>,
	...given: readonly DocumentsPart<NoInfer<D>>[]
): View<DocumentsReader<D, Field>> {
	const parts = given.map((each) => each["~part"]);
	return viewOf(name, {
		version,
		parts,
		index,
		batch: (work) => new DocumentBatch({ parts, initial, index }, work),
		reader: (reading) => readerOf<D, Field>(reading, name, index),
	});
}

const mostDocuments = 1_000;

function readerOf<D, Field extends string>(
	reading: ViewReading,
	name: string,
	index: readonly string[],
): DocumentsReader<D, Field> {
	return {
		async get(key, ctx) {
			const build = await reading.build(ctx);
			const text = key.isWellFormed() ? (await build.get([key], ctx)).get(key) : undefined;
			return text === undefined ? undefined : parsed<D>(text);
		},
		async find({ where = {}, after, limit = 100 }, ctx) {
			const fields: Record<string, string> = {};
			for (const [field, value] of Object.entries<unknown>(where)) {
				if (!index.includes(field)) throw notIndexed(name, field, index);
				const text = fieldText(value);
				// No document has this value.
				if (text === undefined) return { items: [] };
				fields[field] = text;
			}
			const build = await reading.build(ctx);
			const bounded = Math.min(mostDocuments, Math.max(1, Math.floor(limit)));
			const { items, next } = await build.find({ fields, after, limit: bounded }, ctx);
			return {
				items: items.map(({ key, text }) => ({ key, document: parsed<D>(text) })),
				...(next !== undefined && { next }),
			};
		},
		reached: (position, ctx) => reading.reached(position, ctx),
	};
}

/** The text in the store was made from a document that the functions of the view returned, so it has their type. */
function parsed<D>(text: string): D {
	return JSON.parse(text);
}

function notIndexed(name: string, field: string, index: readonly string[]): TypeError {
	const has = index.length === 0 ? "it has no index" : `its indexes are ${index.join(", ")}`;
	return new TypeError(
		`the view ${name} cannot be searched by "${field}": ${has}; add the field to "index" and give the view another version`,
	);
}
