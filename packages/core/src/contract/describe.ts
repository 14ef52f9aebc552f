import { fnv1a } from "../encoding/fnv1a.ts";
import type { Code } from "../errors/code.ts";
import type { AnyContract, ContractWire } from "./contract.ts";
import type { ErrorSpec } from "./declared-error.ts";
import type { AnyEvent } from "./event.ts";
import type { Effect, Kind, Method } from "./method.ts";
import type { Route } from "./route.ts";
import { type JsonSchema, jsonSchema } from "./schema.ts";
import type { Security } from "./security.ts";
import { messageSchema, type Side } from "./stream.ts";

/** A contract as plain JSON: what `/-/describe` serves, and what tools read. */
export interface ContractDescription {
	name: string;
	version: string;
	/** Changes whenever something changes that callers could notice. */
	hash: string;
	summary?: string;
	meta?: Readonly<Record<string, unknown>>;
	methods: Record<string, MethodDescription>;
	/** The events that others may handle, where it has some. */
	events?: Record<string, EventDescription>;
	/** Its REST routes, where it is served with some. */
	routes?: readonly Route[];
	/** The security schemes that callers present: one of each. */
	security?: readonly Security[];
	/** The facts that other programs need to use the contract in formats other than JSON. */
	wire?: ContractWire;
}

export interface MethodDescription {
	kind: Kind;
	effect: Effect;
	/** Its name on the wire, where that differs from its name here. */
	wireName?: string;
	summary?: string;
	meta?: Readonly<Record<string, unknown>>;
	/** The JSON Schema of what crosses the wire; for a stream, of one message. `{}` when nothing is known. */
	input: JsonSchema;
	output: JsonSchema;
	errors: Record<string, ErrorDescription>;
}

export interface ErrorDescription {
	code: Code;
	message?: string;
	data?: JsonSchema;
}

export interface EventDescription {
	/** The version of the data. */
	version: number;
	/** The earliest version that can be read, by upcasts, where that is not the version itself. */
	oldestVersion?: number;
	/** The property of the data that orders the events. */
	key?: string;
	summary?: string;
	meta?: Readonly<Record<string, unknown>>;
	/** The JSON Schema of the data as they are stored, and handlers get them. `{}` when nothing is known. */
	data: JsonSchema;
}

/**
 * Describes a contract as plain JSON: name, version, methods with kind, effect, schemas, errors and docs, and events
 * that are not private.
 *
 * @param routes the REST routes that it is served with.
 * @param security the security schemes that its callers present, one of each.
 */
export function describe(
	contract: AnyContract,
	routes: readonly Route[] = [],
	security: readonly Security[] = [],
): ContractDescription {
	const { name, version, summary, meta, wire, methods } = contract["~allium"];
	const described = Object.fromEntries(methods.map((method) => [method.name, describeMethod(method)]));
	const events = describeEvents(contract["~allium"].events);
	// A part that a contract lacks does not enter the hash: contracts keep the hash that they had before such parts
	// existed.
	const parts = [events, wire].filter((part) => part !== undefined);
	return {
		name,
		version,
		hash: fingerprint(JSON.stringify([name, version, described, ...routes, ...security, ...parts])),
		...(summary !== undefined && { summary }),
		...(Object.keys(meta).length > 0 && { meta }),
		methods: described,
		...(events !== undefined && { events }),
		...(routes.length > 0 && { routes }),
		...(security.length > 0 && { security }),
		...(wire !== undefined && { wire }),
	};
}

function describeMethod(method: Method): MethodDescription {
	const wireName = method.path.slice(method.service.length + 1);
	return {
		kind: method.kind,
		effect: method.effect,
		...(wireName !== method.name && { wireName }),
		...(method.summary !== undefined && { summary: method.summary }),
		...(Object.keys(method.meta).length > 0 && { meta: method.meta }),
		input: describeSide(method.input, "input"),
		output: describeSide(method.output, "output"),
		errors: Object.fromEntries(
			Object.entries(method.errors).map(([reason, spec]) => [reason, describeError(spec)]),
		),
	};
}

/** Undefined where no event is for others. */
function describeEvents(events: readonly AnyEvent[]): Record<string, EventDescription> | undefined {
	const open = events.filter((event) => !event.private);
	if (open.length === 0) return undefined;
	return Object.fromEntries(open.map((event) => [event.name, describeEvent(event)]));
}

function describeEvent({ version, upcast, key, summary, meta, input }: AnyEvent): EventDescription {
	const oldestVersion = Math.min(version, ...Object.keys(upcast).map(Number));
	return {
		version,
		...(oldestVersion < version && { oldestVersion }),
		...(key !== undefined && { key }),
		...(summary !== undefined && { summary }),
		...(Object.keys(meta).length > 0 && { meta }),
		data: jsonSchema(input, "output") ?? {},
	};
}

const emptyObject: JsonSchema = { type: "object", properties: {}, additionalProperties: false };

/** Whether a schema is what `describe` says of a side that was not given. */
export function describesEmpty(schema: JsonSchema): boolean {
	return JSON.stringify(schema) === JSON.stringify(emptyObject);
}

function describeSide(side: Side | undefined, direction: "input" | "output"): JsonSchema {
	const schema = messageSchema(side);
	return schema === undefined ? emptyObject : (jsonSchema(schema, direction) ?? {});
}

function describeError({ code, message, data }: ErrorSpec): ErrorDescription {
	return {
		code,
		...(message !== undefined && { message }),
		...(data !== undefined && { data: jsonSchema(data, "input") ?? {} }),
	};
}

/** 64 bits that tell versions apart. They are no signature. */
function fingerprint(text: string): string {
	return [fnv1a(text), fnv1a(text, 0x01000193)].map((hash) => hash.toString(16).padStart(8, "0")).join("");
}
