import type { IfJson } from "./json.ts";
import type { Empty } from "./method.ts";
import type { Schema, SchemaInput, SchemaOutput } from "./schema.ts";

/** The names of the properties of an event's data that may be its key: strings. */
type KeyName<D> = { [P in keyof D & string]: D[P] extends string ? P : never }[keyof D & string];

/** Turns the data of an earlier version into the next. It gets what was stored, and returns what the schema accepts. */
// biome-ignore lint/suspicious/noExplicitAny: the data of an old version has no type any more
export type Upcast<Next> = (data: any) => Next;

/** The facts about an event beside its data. */
export interface EventFacts {
	/** One line for people. */
	readonly summary?: string;
	/** The version of the data. Default: 1. */
	readonly version?: number;
	/** Keeps the event in its store: it is neither relayed nor described. Default: `false`. */
	readonly private?: boolean;
	/** Annotations for others: gateways, dashboards, generators. */
	readonly meta?: Readonly<Record<string, unknown>>;
}

/** An event as it is written in a contract. */
export interface EventSpec<S extends Schema = Schema> extends EventFacts {
	/** Tells an event from a method. */
	readonly "~event": true;
	readonly data: S;
	readonly key?: string;
	/** From the version of the key to the next. */
	readonly upcast?: Readonly<Record<number, Upcast<unknown>>>;
}

/** An event to be declared. A property that JSON cannot carry is refused by a message that begins with its path. */
export interface EventInit<S extends Schema> extends EventFacts {
	/** What happened: the schema may give defaults, but accepts what it yields. */
	readonly data: IfJson<SchemaOutput<S>, S, "data">;
	/**
	 * The property of the data that orders events: those of one key are handled one after another. It is the
	 * `subject` of the CloudEvent, and the id of streams and documents. Default: no order.
	 */
	readonly key?: KeyName<SchemaOutput<S>>;
	/** From the version of the key to the next: `{ 1: (old) => ({ ...old, size: 19 }) }`. */
	readonly upcast?: Readonly<Record<number, Upcast<SchemaInput<S>>>>;
}

/**
 * Declares an event in a contract: something that happened, which the service publishes and others handle.
 *
 * @example
 * started: event({ key: "id", data: z.object({ id: z.string(), size: z.int() }) })
 */
export function event<S extends Schema>(spec: EventInit<S>): EventSpec<S>;
export function event(spec: object): EventSpec {
	return { ...(spec as EventSpec), "~event": true };
}

export function isEventSpec(spec: object): spec is EventSpec {
	return "~event" in spec;
}

/** An event that happened, to be published: a plain value. */
export interface EventValue<N extends string = string, D = unknown> {
	/** `contract.event`: what the event is on the wire. */
	readonly type: string;
	/** The contract that declares it, which is its topic. */
	readonly topic: string;
	/** The name of the event in its contract. */
	readonly name: N;
	readonly data: D;
	/** The declaration, which validates the data when the event is published. */
	readonly of: AnyEvent;
	/** What tells it from all others of its topic. Default: the runtime makes one when it is published. */
	readonly id?: string;
	/** It is not handled before this time, in ISO 8601: see `later`. */
	readonly notBefore?: string;
}

/** An event of a contract, whatever its data. */
export interface AnyEvent {
	readonly service: string;
	readonly name: string;
	/** `service/name`: what middleware and telemetry call it. */
	readonly path: string;
	readonly kind: "event";
	/** Handlers have effects: what is only for `read` methods does not wrap them. */
	readonly effect: "write";
	/** `service.name`: what it is on the wire. */
	readonly type: string;
	readonly version: number;
	/** The property of the data that orders events. */
	readonly key: string | undefined;
	readonly private: boolean;
	readonly summary: string | undefined;
	readonly meta: Readonly<Record<string, unknown>>;
	/** The schema of the data. */
	readonly input: Schema;
	readonly output: undefined;
	readonly upcast: Readonly<Record<number, Upcast<unknown>>>;
	readonly errors: Readonly<Record<never, never>>;
	readonly error: Readonly<Record<never, never>>;
}

/**
 * An event of a contract. Called with data, it makes the value that is published: `Matches.started({ id, size })`.
 * It is a method of the kind `event`, so that middleware wraps its handlers as it wraps methods.
 */
export interface EventType<N extends string = string, S extends Schema = Schema> extends AnyEvent {
	(data: SchemaInput<S>): EventValue<N, SchemaInput<S>>;
	readonly name: N;
	readonly input: S;
}

/** What a handler of the event gets. */
export type EventData<T> = T extends EventType<string, infer S> ? SchemaOutput<S> : Empty;

/** Makes the event of a contract from its declaration. */
export function eventType(service: string, name: string, spec: EventSpec): EventType {
	const facts = {
		service,
		path: `${service}/${name}`,
		kind: "event",
		effect: "write",
		type: `${service}.${name}`,
		version: spec.version ?? 1,
		key: spec.key,
		private: spec.private ?? false,
		summary: spec.summary,
		meta: spec.meta ?? {},
		input: spec.data,
		output: undefined,
		upcast: spec.upcast ?? {},
		errors: {},
		error: {},
	} as const;
	const made = (data: unknown): EventValue => ({
		type: facts.type,
		topic: service,
		name,
		data,
		of: type,
	});
	const type: EventType = Object.freeze(
		Object.defineProperty(Object.assign(made, facts), "name", { value: name }),
	) as EventType;
	return type;
}
