import { checkedEvent } from "./check-event.ts";
import type { EventDeclaration, EventFacts, Upcast } from "./event-declaration.ts";
import type { EarlierVersions } from "./event-version.ts";
import type { IfJson } from "./json.ts";
import type { IfKept } from "./kept.ts";
import type { Schema, SchemaInput, SchemaOf, SchemaOutput } from "./schema.ts";

/** The names of the properties of an event's data that may be its key: strings. */
type KeyName<D> = { [P in keyof D & string]-?: D[P] extends string ? P : never }[keyof D & string];

/** `K` where the data has such a string; else the sentence that the compiler shows. */
type IfKey<D, K> =
	K extends KeyName<D> ? K : `${K & string} is not a string in the data, so it cannot be the key`;

/** The upcasts of an event with these earlier versions. The last of them makes what the schema accepts. */
export type Upcasts<Earlier extends readonly number[], Next> = Earlier extends readonly []
	? "there is no version before 1 to upcast from"
	: {
			readonly [V in Earlier[number]]?: Earlier extends readonly [...unknown[], V]
				? Upcast<Next>
				: Upcast<unknown>;
		};

/** An event as it is written in a contract. */
export interface EventSpec<S extends Schema = Schema> extends EventDeclaration<S> {
	/** Makes the event of a contract. It comes with the declaration, so that contracts without events do not load it. */
	readonly "~event": (service: string, name: string) => AnyEvent;
	readonly data: S;
	readonly key?: string;
	readonly version?: number;
	readonly upcast?: Readonly<Record<number, Upcast<unknown>>>;
}

/** An event to be declared. A fault in it is refused by a message that begins with its place. */
export interface EventInit<S extends Schema, K extends string, V extends number> extends EventFacts {
	/**
	 * The schema of the event's data, which is JSON. It may give defaults but does not transform: it has to accept its own
	 * output.
	 */
	readonly data: IfJson<SchemaOutput<S>, IfKept<SchemaInput<S>, SchemaOutput<S>, S>, "data">;
	/**
	 * The property of the data that orders events: those of one key are handled one after another. It is the
	 * `subject` of the CloudEvent, and the id of streams and documents. Default: no order.
	 */
	readonly key?: IfKey<SchemaOutput<S>, K> | KeyName<SchemaOutput<S>>;
	/** The version of the data. Default: 1. */
	readonly version?: V;
	/**
	 * Each function turns data of the version that is its key into the next version:
	 * `{ 1: (old) => ({ ...old, size: 19 }) }`. Events of versions without a function are no longer read.
	 */
	readonly upcast?: Upcasts<EarlierVersions<V>, SchemaInput<S>>;
}

/**
 * Declares an event in a contract: something that happened, which the service publishes and others handle.
 *
 * @example
 * started: event({ key: "id", data: z.object({ id: z.string(), size: z.int() }) })
 */
export function event<S extends Schema, const K extends string = never, const V extends number = 1>(
	spec: EventInit<S, K, V>,
): EventSpec<S>;
export function event(spec: object): EventSpec {
	return eventSpec(spec as EventDeclaration);
}

/** {@link event} without the checks of the compiler, for events that a program declares at run time. */
export function eventSpec(declared: EventDeclaration): EventSpec {
	return {
		...declared,
		"~event": (service, name) => eventType(service, name, checkedEvent(service, name, declared)),
	};
}

/** An event that happened, to be published: a plain value. */
export interface EventValue<N extends string = string, D = unknown> {
	/** The type on the wire: `contract.event`. */
	readonly type: string;
	/** The contract that declares it, which is its topic. */
	readonly topic: string;
	/** The name of the event in its contract. */
	readonly name: N;
	readonly data: D;
	/** The declaration, which validates the data when the event is published. */
	readonly of: AnyEvent;
	/** Its id, unique in its topic. Default: the runtime makes one when the event is published. */
	readonly id?: string;
	/** It is not handled before this time, in ISO 8601: see `later`. */
	readonly notBefore?: string;
	/**
	 * The stamp of the original sender, for an event that comes from elsewhere. Default: the runtime stamps the event when
	 * it is published.
	 */
	readonly stamp?: EventStamp;
}

/** The origin of an event. The runtime writes it, unless a sender elsewhere has done so. */
export interface EventStamp {
	/** The app that published it. */
	readonly source?: string;
	/** The id of the first cause. All events and calls that follow from it share this id. */
	readonly correlationId?: string;
	/** The id of the event or call that it follows from. */
	readonly causationId?: string;
	/** The trace of the publisher, as W3C Trace Context writes it. */
	readonly traceparent?: string;
	readonly tracestate?: string;
	/** The metadata `x-global-*` of the publisher, by name. */
	readonly metadata?: Readonly<Record<string, string>>;
}

/** An event of a contract, with data of any type. */
export interface AnyEvent {
	readonly service: string;
	readonly name: string;
	/** `service/name`: what middleware and telemetry call it. */
	readonly path: string;
	readonly kind: "event";
	/** Handlers have effects, so middleware that is only for `read` methods does not wrap them. */
	readonly effect: "write";
	/** The type on the wire: `service.name`. */
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

/** A function type of its own: from a call, editors lead to the event in the contract, and not to a signature here. */
type MakeEvent<N extends string, Given> = (data: Given) => EventValue<N, Given>;

/**
 * An event of a contract. Called with data, it makes the value that is published: `Matches.started({ id, size })`.
 * It is a method of the kind `event`, so that middleware wraps its handlers as it wraps methods.
 *
 * @typeParam Given the data as it is published, with or without what the schema gives by default.
 * @typeParam Data the data as handlers get it.
 */
export interface EventType<N extends string, Given, Data = Given> extends AnyEvent, MakeEvent<N, Given> {
	readonly name: N;
	readonly input: SchemaOf<Given, Data>;
}

/** An event whose handlers get these data. */
export interface EventWith<Data> {
	readonly kind: "event";
	readonly input: SchemaOf<unknown, Data>;
}

/** The data that a handler of the event gets. */
export type EventData<E> = E extends EventWith<infer Data> ? Data : never;

function eventType(service: string, name: string, spec: EventDeclaration): EventType<string, unknown> {
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
	const type: EventType<string, unknown> = Object.freeze(
		Object.assign(Object.defineProperty(made, "name", { value: name, enumerable: true }), facts),
	);
	return type;
}
