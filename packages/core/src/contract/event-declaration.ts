import type { Schema } from "./schema.ts";

/** Turns the data of one version into the next. It gets the data as it was stored. */
// biome-ignore lint/suspicious/noExplicitAny: the data of an old version has no type any more
export type Upcast<Next> = (data: any) => Next;

/** The facts about an event other than its data. */
export interface EventFacts {
	/** One line for people. */
	readonly summary?: string;
	/** Keeps the event in its store: it is neither relayed nor described. Default: `false`. */
	readonly private?: boolean;
	/** Annotations for others: gateways, dashboards, generators. */
	readonly meta?: Readonly<Record<string, unknown>>;
}

/** The declaration of an event: its data, key, version and facts. */
export interface EventDeclaration<S extends Schema = Schema> extends EventFacts {
	readonly data: S;
	readonly key?: string;
	readonly version?: number;
	/** Each function turns data of the version that is its key into the next version. */
	readonly upcast?: Readonly<Record<number, Upcast<unknown>>>;
}
