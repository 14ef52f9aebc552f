import { codes, isCode } from "../errors/code.ts";
import { checkJson } from "./check-json.ts";
import { declaredError, type ErrorSpecs } from "./declared-error.ts";
import type { AnyEvent, EventSpec, EventType } from "./event.ts";
import type { Kind, Method, MethodSpec } from "./method.ts";
import { checkName } from "./name.ts";
import type { SchemaInput, SchemaOutput } from "./schema.ts";
import { isStream } from "./stream.ts";
import { warnOfUndescribed } from "./undescribed.ts";

/** The facts about a contract other than its methods. */
export interface ContractOptions {
	/** The semantic version of this contract. A breaking change takes a new name instead. */
	readonly version?: string;
	/** One line for people. */
	readonly summary?: string;
	/** Annotations for others: gateways, dashboards, generators. */
	readonly meta?: Readonly<Record<string, unknown>>;
	/** The facts that other programs need to use the contract in formats other than JSON. */
	readonly wire?: ContractWire;
}

/** The parts of a contract's description that formats other than JSON need. */
export interface ContractWire {
	/** A `google.protobuf.FileDescriptorSet` with its messages, as base64. */
	readonly proto?: string;
}

/** The facts about a contract, under `contract["~allium"]`. */
export interface ContractInfo {
	readonly name: string;
	readonly version: string;
	readonly summary: string | undefined;
	readonly meta: Readonly<Record<string, unknown>>;
	readonly wire: ContractWire | undefined;
	/** The methods in the order in which they were written. */
	readonly methods: readonly Method[];
	/** The events in the order in which they were written. */
	readonly events: readonly AnyEvent[];
}

/** The methods and events of a contract as they are written. */
export type MethodSpecs = Readonly<Record<string, MethodSpec | EventSpec>>;

/** A contract: its methods as properties, all else under `"~allium"`. */
export type Contract<M extends MethodSpecs = MethodSpecs> = {
	readonly [K in keyof M]: M[K] extends EventSpec<infer S>
		? EventType<K & string, SchemaInput<S>, SchemaOutput<S>>
		: M[K] extends MethodSpec<infer I, infer O, infer E, infer F>
			? Method<I, O, E, F>
			: never;
} & { readonly "~allium": ContractInfo };

/** Any contract, where the types of its methods do not matter. */
export interface AnyContract {
	readonly "~allium": ContractInfo;
}

/** The names of a contract's events. */
export type EventName<C extends AnyContract> = {
	[K in keyof C]: C[K] extends { readonly kind: "event" } ? K : never;
}[keyof C] &
	string;

/** An event of a contract as it is published: one of its values. */
export type EventOf<C extends AnyContract> = {
	[K in EventName<C>]: C[K] extends (...data: never) => infer Value ? Value : never;
}[EventName<C>];

/** The names of a contract's methods. */
export type MethodName<C extends AnyContract> = Exclude<keyof C, "~allium" | EventName<C>>;

/**
 * Makes a contract: a plain value that server, client and browser share. Node warns of schemas that do not
 * describe themselves as JSON Schema.
 *
 * @throws TypeError when a name is not allowed, two methods have one path, a schema describes what JSON cannot carry,
 * or an event lacks the upcast from a version, or its key.
 * @example
 * const Greeter = contract("greeter", {
 *   hello: method({ input: z.object({ name: z.string() }), output: z.object({ greeting: z.string() }) }),
 * });
 */
export function contract<const M extends MethodSpecs>(
	name: string,
	specs: M,
	options: ContractOptions = {},
): Contract<M> {
	checkName("service", name);
	const methods: Method[] = [];
	const events: AnyEvent[] = [];
	for (const [key, spec] of Object.entries(specs)) {
		if ("~event" in spec) events.push(spec["~event"](name, key));
		else methods.push(bind(name, key, spec));
	}
	checkPaths([...methods, ...events]);
	warnOfUndescribed(name, [...methods, ...events]);
	const info: ContractInfo = Object.freeze({
		name,
		version: options.version ?? "0.0.0",
		summary: options.summary,
		meta: options.meta ?? {},
		wire: options.wire,
		methods: Object.freeze(methods),
		events: Object.freeze(events),
	});
	const made = Object.fromEntries([...methods, ...events].map((member) => [member.name, member]));
	Object.defineProperty(made, "~allium", { value: info });
	return Object.freeze(made) as unknown as Contract<M>;
}

function bind(service: string, name: string, spec: MethodSpec): Method {
	checkName("method", name);
	const { wireName = name } = spec;
	if (wireName !== name) checkName("method", wireName);
	const path = `${service}/${wireName}`;
	checkJson(path, "input", spec.input, "input");
	checkJson(path, "output", spec.output, "output");
	const errors: ErrorSpecs = spec.errors ?? {};
	for (const [reason, { code, data }] of Object.entries(errors)) {
		if (!isCode(code)) {
			throw new TypeError(
				`${path}: the error "${reason}" has the code ${JSON.stringify(code)}; the codes are ${codes.join(", ")}`,
			);
		}
		checkJson(path, `data of ${reason}`, data, "input");
	}
	const error = Object.fromEntries(
		Object.entries(errors).map(([reason, declared]) => [reason, declaredError(service, reason, declared)]),
	);
	return Object.freeze({
		service,
		name,
		path,
		kind: kindOf(spec),
		effect: spec.effect ?? "write",
		summary: spec.summary,
		meta: spec.meta ?? {},
		input: spec.input,
		output: spec.output,
		errors,
		error: Object.freeze(error),
	});
}

/** Refuses two methods or events that have the same name on the wire. */
function checkPaths(methods: readonly Method[]): void {
	const names = new Map<string, string>();
	for (const { name, path } of methods) {
		const other = names.get(path);
		if (other !== undefined) {
			throw new TypeError(
				`"${other}" and "${name}" both have the path ${path}; give one of them another wireName`,
			);
		}
		names.set(path, name);
	}
}

function kindOf(spec: MethodSpec): Kind {
	if (isStream(spec.input)) return isStream(spec.output) ? "bidi_stream" : "client_stream";
	return isStream(spec.output) ? "server_stream" : "unary";
}
