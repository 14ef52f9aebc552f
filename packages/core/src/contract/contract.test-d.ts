import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { Client } from "../client/client-type.ts";
import type { Context } from "../context/context.ts";
import type { ServiceError } from "../errors/service-error.ts";
import type { Service, ServiceMiddleware } from "../service/service.ts";
import { type AnyContract, contract, type MethodName } from "./contract.ts";
import { isError } from "./declared-error.ts";
import { type Empty, type Method, method } from "./method.ts";
import { stream } from "./stream.ts";

const Add = contract("add", {
	sum: method({
		input: z.object({ a: z.int(), b: z.int() }),
		output: z.object({ v: z.int() }),
		errors: {
			two_zeroes: { code: "invalid_argument" },
			int_overflow: { code: "out_of_range", data: z.object({ max: z.int(), min: z.int().optional() }) },
		},
	}),
	primes: method({ input: z.object({ upTo: z.int() }), output: stream(z.object({ prime: z.int() })) }),
	total: method({ input: stream(z.object({ n: z.int() })), output: z.object({ v: z.int() }) }),
	echo: method({ input: stream(z.string()), output: stream(z.string()) }),
	reset: method({}),
	version: method({ output: z.object({ version: z.string() }) }),
	log: method({ input: z.object({ line: z.string() }) }),
});
type Add = typeof Add;

const Dated = contract("dated", {
	next: method({
		input: z.object({ at: z.string().transform((text) => new Date(text)) }),
		output: z.object({ at: z.string(), times: z.string().transform(Number) }),
	}),
	defaults: method({ input: z.object({ limit: z.int().default(10) }), output: z.object({}) }),
});
type Dated = typeof Dated;

// A contract knows its methods, and only them.
expectTypeOf<MethodName<Add>>().toEqualTypeOf<
	"sum" | "primes" | "total" | "echo" | "reset" | "version" | "log"
>();
expectTypeOf(Add.sum).toExtend<Method>();
expectTypeOf(Add).toExtend<AnyContract>();
// @ts-expect-error there is no such method
Add.difference;

// A method keeps its effect.
expectTypeOf(Add.reset.effect).toEqualTypeOf<"write">();
expectTypeOf(contract("c", { m: method({ effect: "read" }) }).m.effect).toEqualTypeOf<"read">();

// The parameters and the results of handlers.
type Handlers = Service<Add>;
expectTypeOf<Handlers["sum"]>().toEqualTypeOf<
	(input: { a: number; b: number }, ctx: Context) => Promise<{ v: number }>
>();
expectTypeOf<Handlers["primes"]>().toEqualTypeOf<
	(input: { upTo: number }, ctx: Context) => AsyncIterable<{ prime: number }>
>();
expectTypeOf<Handlers["total"]>().toEqualTypeOf<
	(input: AsyncIterable<{ n: number }>, ctx: Context) => Promise<{ v: number }>
>();
expectTypeOf<Handlers["echo"]>().toEqualTypeOf<
	(input: AsyncIterable<string>, ctx: Context) => AsyncIterable<string>
>();
expectTypeOf<Service<Dated>["next"]>().toEqualTypeOf<
	(input: { at: Date }, ctx: Context) => Promise<{ at: string; times: string }>
>();
expectTypeOf<Parameters<Service<Dated>["defaults"]>[0]>().toEqualTypeOf<{ limit: number }>();

// A missing side is the empty object; a handler without an output returns nothing.
expectTypeOf<Parameters<Handlers["reset"]>[0]>().toEqualTypeOf<Empty>();
expectTypeOf<Parameters<Handlers["version"]>[0]>().toEqualTypeOf<Empty>();
expectTypeOf<() => Promise<void>>().toExtend<Handlers["reset"]>();
expectTypeOf<() => Promise<Empty>>().toExtend<Handlers["reset"]>();
expectTypeOf<() => Promise<string>>().not.toExtend<Handlers["reset"]>();
expectTypeOf<Client<Add>["reset"]>().toEqualTypeOf<(input: Empty, ctx?: Context) => Promise<Empty>>();

// The parameters and the results of a client's methods.
type Add$ = Client<Add>;
expectTypeOf<Add$["sum"]>().toEqualTypeOf<
	(input: { a: number; b: number }, ctx?: Context) => Promise<{ v: number }>
>();
expectTypeOf<Add$["primes"]>().toEqualTypeOf<
	(input: { upTo: number }, ctx?: Context) => AsyncIterable<{ prime: number }>
>();
expectTypeOf<Add$["total"]>().toEqualTypeOf<
	(input: AsyncIterable<{ n: number }>, ctx?: Context) => Promise<{ v: number }>
>();
expectTypeOf<Client<Dated>["next"]>().toEqualTypeOf<
	(input: { at: string }, ctx?: Context) => Promise<{ at: string; times: number }>
>();
expectTypeOf<Parameters<Client<Dated>["defaults"]>[0]>().toEqualTypeOf<{ limit?: number | undefined }>();
expectTypeOf<Add$>().toExtend<AsyncDisposable>();

// A client can be passed where a service is expected, wherever no schema transforms.
expectTypeOf<Client<Add>>().toExtend<Service<Add>>();
expectTypeOf<Client<Dated>>().not.toExtend<Service<Dated>>();
expectTypeOf<Pick<Client<Dated>, "next">>().not.toExtend<Pick<Service<Dated>, "next">>();

// A service, and middleware around it, infer from the contract.
export const service: Service<Add> = {
	async sum({ a, b }, ctx) {
		expectTypeOf(a).toEqualTypeOf<number>();
		expectTypeOf(ctx).toEqualTypeOf<Context>();
		return { v: a + b };
	},
	async *primes({ upTo }) {
		for (let prime = 2; prime <= upTo; prime++) yield { prime };
	},
	async total(input) {
		let v = 0;
		for await (const { n } of input) v += n;
		return { v };
	},
	async *echo(input) {
		yield* input;
	},
	async reset() {},
	version: async () => ({ version: "1" }),
	async log({ line }) {
		expectTypeOf(line).toEqualTypeOf<string>();
	},
};
export const logging: ServiceMiddleware<Add> = (next) => ({
	...next,
	sum: (input, ctx) => next.sum(input, ctx),
});

// @ts-expect-error methods are missing
export const partial: Service<Add> = { async reset() {} };
export const wrong: Pick<Service<Add>, "sum" | "log"> = {
	// @ts-expect-error the output has another type
	sum: async () => ({ v: "3" }),
	// @ts-expect-error a method without an output answers nothing
	log: async () => ({ row: 1 }),
};

// Declared errors are made with the data that they declare, and narrow to it.
const { two_zeroes, int_overflow } = Add.sum.error;
expectTypeOf(two_zeroes()).toEqualTypeOf<ServiceError<undefined>>();
two_zeroes({ message: "both", retryAfterMs: 5 });
int_overflow({ max: 1 }, { message: "too much" });
expectTypeOf(int_overflow.code).toEqualTypeOf<"out_of_range">();
// @ts-expect-error the data is missing
int_overflow();
// @ts-expect-error the data has another type
int_overflow({ max: "1" });
// @ts-expect-error it has no data
two_zeroes({ max: 1 });
// @ts-expect-error the code is the declaration's
two_zeroes({ code: "internal" });
// @ts-expect-error no such error is declared
Add.sum.error.other;
// @ts-expect-error a method without errors has none
Add.primes.error.two_zeroes;
// @ts-expect-error no such code
method({ errors: { odd: { code: "teapot" } } });

export function caught(error: unknown): void {
	if (isError(error, int_overflow)) {
		expectTypeOf(error).toEqualTypeOf<ServiceError<{ max: number; min?: number | undefined }>>();
		expectTypeOf(error.data.max).toEqualTypeOf<number>();
	} else expectTypeOf(error).toBeUnknown();
	if (isError(error, two_zeroes)) expectTypeOf(error.data).toBeUndefined();
}

// The catcher finds what the thrower gave: nobody parses the data of an error.
const { late } = contract("late", {
	run: method({ errors: { late: { code: "aborted", data: z.object({ n: z.string().transform(Number) }) } } }),
}).run.error;
expectTypeOf(late({ n: "1" }).data).toEqualTypeOf<{ n: string }>();
