import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { IfJson } from "./json.ts";
import { method } from "./method.ts";
import { stream } from "./stream.ts";

// JSON carries these.
method({ input: z.string(), output: z.number() });
method({ input: z.boolean(), output: z.null() });
method({ input: z.unknown(), output: z.any() });
method({ input: z.object({ any: z.unknown(), maybe: z.string().optional(), none: z.string().nullable() }) });
method({ input: z.record(z.string(), z.array(z.int())), output: z.tuple([z.string(), z.int()]) });
method({ input: z.array(z.string()).readonly(), output: z.tuple([z.string()], z.number()) });
method({ input: z.union([z.string(), z.object({ n: z.int() })]), output: z.enum(["a", "b"]) });
method({
	input: z.discriminatedUnion("type", [
		z.object({ type: z.literal("a"), a: z.string() }),
		z.object({ type: z.literal("b"), b: z.int() }),
	]),
	output: z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() })),
});
method({
	input: z.object({ id: z.string().brand("UserId"), age: z.int().brand<"Age">() }),
	output: z.object({ a: z.int() }).brand<"A">(),
});
method({ input: z.looseObject({ a: z.string() }), output: z.strictObject({ a: z.string() }) });
method({ input: z.templateLiteral(["user-", z.string()]), output: z.json() });

// Recursive types too, by getters or lazily.
const Tree = z.object({
	name: z.string(),
	get children() {
		return z.array(Tree);
	},
	get parent() {
		return Tree.optional();
	},
});
method({ input: Tree, output: stream(Tree) });
interface Comment {
	text: string;
	replies?: Comment[] | undefined;
}
const Comment: z.ZodType<Comment> = z.lazy(() =>
	z.object({ text: z.string(), replies: z.array(Comment).optional() }),
);
method({ input: Comment, output: Comment });

// The type on the wire counts, not the type that the handler gets.
method({ input: z.object({ at: z.string().transform((text) => new Date(text)) }) });
method({ output: z.object({ at: z.date().transform((date) => date.toISOString()) }) });

// JSON does not carry these.
const Chain = z.object({
	at: z.date(),
	get next() {
		return Chain.optional();
	},
});
// @ts-expect-error a date
method({ input: z.object({ at: z.date() }) });
// @ts-expect-error a date made by the output
method({ output: z.object({ at: z.string().transform((text) => new Date(text)) }) });
// @ts-expect-error a bigint
method({ output: z.bigint() });
// @ts-expect-error a map
method({ input: z.map(z.string(), z.string()) });
// @ts-expect-error a set
method({ input: z.set(z.string()) });
// @ts-expect-error bytes
method({ input: z.object({ bytes: z.instanceof(Uint8Array) }) });
// @ts-expect-error a function
method({ input: z.object({ run: z.custom<() => void>() }) });
// @ts-expect-error a symbol
method({ input: z.symbol() });
// @ts-expect-error an array with holes
method({ output: z.array(z.string().optional()) });
// @ts-expect-error nothing
method({ output: z.undefined() });
// @ts-expect-error nothing
method({ output: z.void() });
// @ts-expect-error deep inside
method({ input: z.object({ list: z.array(z.union([z.string(), z.object({ at: z.date().optional() })])) }) });
// @ts-expect-error a message of a stream
method({ output: stream(z.object({ n: z.bigint() })) });
// @ts-expect-error a recursive type with a date in it
method({ input: Chain });
// @ts-expect-error the data of an error
method({ errors: { l: { code: "aborted", data: z.object({ at: z.date() }) } } });

// Otherwise there is a sentence that names the property at fault.
type Fault<T> = IfJson<T, never, "input">;
expectTypeOf<Fault<{ a: string }>>().toBeNever();
expectTypeOf<Fault<{ at: Date }>>().toEqualTypeOf<"input.at is a Date, which JSON cannot carry">();
expectTypeOf<
	Fault<{ list: { n?: bigint }[] }>
>().toEqualTypeOf<"input.list[].n is a bigint, which JSON cannot carry">();
expectTypeOf<Fault<Map<string, string>>>().toEqualTypeOf<"input is a Map, which JSON cannot carry">();
expectTypeOf<Fault<void>>().toEqualTypeOf<"input is undefined, which JSON cannot carry">();
expectTypeOf<Fault<string | Date>>().toEqualTypeOf<"input is a Date, which JSON cannot carry">();
