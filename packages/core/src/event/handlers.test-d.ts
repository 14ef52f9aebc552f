import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { event } from "../contract/event.ts";
import { method } from "../contract/method.ts";
import type { FitsHandlers, Handlers } from "./handlers.ts";

const Matches = contract("matches", {
	create: method({ input: z.object({ size: z.int() }) }),
	started: event({ key: "id", data: z.object({ id: z.string(), size: z.int().default(19) }) }),
	ended: event({ key: "id", data: z.object({ id: z.string(), winner: z.string().optional() }) }),
});
type Matches = typeof Matches;

expectTypeOf<keyof Handlers<Matches>>().toEqualTypeOf<"started" | "ended">();
expectTypeOf<Required<Handlers<Matches>>["started"]>().toEqualTypeOf<
	(data: { id: string; size: number }, ctx: Context) => Promise<void> | void
>();

// Handlers infer from the contract, and may wait or not.
export const handlers: Handlers<Matches> = {
	async started({ id, size }, ctx) {
		expectTypeOf(id).toEqualTypeOf<string>();
		expectTypeOf(size).toEqualTypeOf<number>();
		expectTypeOf(ctx).toEqualTypeOf<Context>();
	},
	ended: () => {},
};

// A function that subscribes refuses anything that is not a handler of the contract.
declare function subscribe<C, H>(
	contract: C & Matches,
	handlers: FitsHandlers<Matches, H> & Handlers<Matches>,
): void;
declare const size: (data: { id: string; size: string }) => void;
subscribe(Matches, handlers);
subscribe(Matches, {
	async started({ size }) {
		expectTypeOf(size).toEqualTypeOf<number>();
	},
});
// @ts-expect-error there is no such event
subscribe(Matches, { async begun() {} });
// @ts-expect-error there is no such event beside one that is there
subscribe(Matches, { async begun() {}, async started() {} });
// @ts-expect-error a method is no event
subscribe(Matches, { async create() {} });
// @ts-expect-error the handler takes other data
subscribe(Matches, { started: size });
// @ts-expect-error the handler takes other data
subscribe(Matches, { started: ({ winner }) => console.log(winner) });
// @ts-expect-error a handler returns nothing
subscribe(Matches, { started: async () => 1 });
