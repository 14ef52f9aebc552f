import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { Client } from "../client/client-type.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import type { Service } from "../service/service.ts";
import { type AnyContract, contract, type EventName, type EventOf, type MethodName } from "./contract.ts";
import { type AnyEvent, type EventData, type EventType, type EventValue, event } from "./event.ts";
import type { IfKept } from "./kept.ts";
import { type Method, method } from "./method.ts";

const Match = z.object({ id: z.string(), size: z.int().default(19) });
const Matches = contract("matches", {
	create: method({ input: Match }),
	started: event({ key: "id", data: Match }),
	ended: event({ data: z.object({ winner: z.string().optional() }) }),
});
type Matches = typeof Matches;

// A contract tells its events from its methods.
expectTypeOf<EventName<Matches>>().toEqualTypeOf<"started" | "ended">();
expectTypeOf<MethodName<Matches>>().toEqualTypeOf<"create">();
expectTypeOf<keyof Service<Matches>>().toEqualTypeOf<"create">();
expectTypeOf<Exclude<keyof Client<Matches>, symbol>>().toEqualTypeOf<"create">();
expectTypeOf<EventName<AnyContract>>().toBeNever();
expectTypeOf(Matches).toExtend<AnyContract>();
const News = contract("news", { told: event({ data: z.string() }) });
expectTypeOf<MethodName<typeof News>>().toBeNever();
export const nothing: Service<typeof News> = {};

// An event takes data as the schema accepts them, and its handlers get what the schema yields.
type Given = { id: string; size?: number | undefined };
expectTypeOf(Matches.started).toEqualTypeOf<EventType<"started", Given, { id: string; size: number }>>();
expectTypeOf(Matches.started({ id: "a" })).toEqualTypeOf<EventValue<"started", Given>>();
expectTypeOf<EventData<Matches["started"]>>().toEqualTypeOf<{ id: string; size: number }>();
expectTypeOf<EventOf<Matches>>().toEqualTypeOf<
	EventValue<"started", Given> | EventValue<"ended", { winner?: string | undefined }>
>();
// @ts-expect-error the data lack the key
Matches.started({ size: 19 });
// @ts-expect-error the data have another type
Matches.started({ id: "a", size: "19" });

// An event is a method, so that middleware wraps its handlers.
declare const wrap: Middleware;
declare const handler: Endpoint;
expectTypeOf(wrap(handler, Matches.started)).toEqualTypeOf<Endpoint>();
expectTypeOf(Matches.started).toExtend<AnyEvent>();
expectTypeOf<AnyEvent>().toExtend<Method>();

// The key is a string that all data have.
event({ key: "id", data: z.object({ id: z.enum(["a", "b"]) }) });
event({ key: "id", data: z.object({ id: z.string().brand("Id") }) });
event({ key: "id", data: z.object({ id: z.string().default("all") }) });
event({ key: "id", data: z.union([Match, z.object({ id: z.string(), other: z.int() })]) });
event({ key: "id", data: z.intersection(Match, z.object({ at: z.string() })) });
// @ts-expect-error a number
event({ key: "size", data: Match });
// @ts-expect-error not there
event({ key: "color", data: Match });
// @ts-expect-error it may be missing
event({ key: "id", data: z.object({ id: z.string().optional() }) });
// @ts-expect-error it may be null
event({ key: "id", data: z.object({ id: z.string().nullable() }) });
// @ts-expect-error some data lack it
event({ key: "id", data: z.union([Match, z.object({ other: z.int() })]) });
// @ts-expect-error data without properties
event({ key: "id", data: z.string() });
// @ts-expect-error a property that every text has
event({ key: "length", data: z.string() });

// JSON carries the data.
// @ts-expect-error a date
event({ data: z.object({ at: z.date() }) });
// @ts-expect-error a date made by the schema
event({ data: z.object({ at: z.string().transform((text) => new Date(text)) }) });

// The schema may give defaults and narrow, but accepts what it yields.
const Tree = z.object({
	name: z.string(),
	get children() {
		return z.array(Tree).default([]);
	},
});
event({ data: Tree });
event({ data: z.unknown() });
event({
	data: z.object({ size: z.coerce.number(), name: z.string().trim(), tags: z.array(z.string()).catch([]) }),
});
event({ data: z.looseObject({ id: z.string() }) });
const toNumber = z.string().transform(Number);
// @ts-expect-error transformed
event({ data: toNumber });
// @ts-expect-error transformed within
event({ data: z.object({ list: z.array(z.object({ n: toNumber })) }) });
// @ts-expect-error transformed in one of two
event({ data: z.union([z.object({ a: z.string() }), z.object({ n: toNumber })]) });
type Fault<In, Out> = IfKept<In, Out, never>;
expectTypeOf<Fault<{ a?: number }, { a: number }>>().toBeNever();
expectTypeOf<
	Fault<{ list: { n: string }[] }, { list: { n: number }[] }>
>().toEqualTypeOf<"data.list[].n is transformed; the schema of an event accepts what it yields">();
expectTypeOf<
	Fault<{ n?: string; m: string }, { n?: number; m: string }>
>().toEqualTypeOf<"data.n is transformed; the schema of an event accepts what it yields">();
expectTypeOf<
	Fault<string, { n: number }>
>().toEqualTypeOf<"data is transformed; the schema of an event accepts what it yields">();

// Upcasts are from earlier versions. The last of them makes what the schema accepts.
event({ data: Match, version: 2, upcast: { 1: ({ name }) => ({ id: String(name) }) } });
event({ data: Match, version: 3, upcast: { 1: (old) => ({ ...old, name: 1 }), 2: () => ({ id: "a" }) } });
event({ data: Match, version: 120, upcast: { 119: () => ({ id: "a" }) } });
// @ts-expect-error the last upcast returns something else
event({ data: Match, version: 3, upcast: { 1: () => ({}), 2: () => ({ name: "a" }) } });
// @ts-expect-error the property has another type
event({ data: Match, version: 2, upcast: { 1: () => ({ id: 1 }) } });
// @ts-expect-error there is no later version
event({ data: Match, version: 2, upcast: { 2: () => ({ id: "a" }) } });
// @ts-expect-error there is no version before the first
event({ data: Match, upcast: { 1: () => ({ id: "a" }) } });

// An event is neither served nor called.
// @ts-expect-error an event in a service
export const served: Service<Matches> = { async create() {}, async started() {} };
declare const client: Client<Matches>;
// @ts-expect-error an event of a client
client.started;
