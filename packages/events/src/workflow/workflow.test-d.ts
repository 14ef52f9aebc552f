import { type Client, contract, event, isError, method, type ServiceError } from "@allium/core";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import { workflow } from "./workflow.ts";

const Account = contract("account", {
	withdraw: method({
		input: z.object({ account: z.string(), amount: z.int().default(1) }),
		output: z.object({ balance: z.int() }),
		errors: { insufficient_funds: { code: "failed_precondition", data: z.object({ balance: z.int() }) } },
	}),
});
const Orders = contract("orders", {
	placed: event({ key: "id", data: z.object({ id: z.string(), count: z.int().default(1) }) }),
	paid: event({ key: "id", data: z.object({ id: z.string(), amount: z.int() }) }),
	shipped: event({ key: "id", data: z.object({ id: z.string() }) }),
});
declare const accounts: Client<typeof Account>;
declare const plain: {
	withdraw(input: { account: string }, ctx: import("@allium/core").Context): Promise<{ n: 1 }>;
};

workflow(
	"order",
	Orders.placed,
	async (data, run) => {
		// The code gets what the schema yields.
		expectTypeOf(data).toEqualTypeOf<{ id: string; count: number }>();

		// A call has the input and the output of the client's method, and its declared errors keep their data.
		expectTypeOf(await run.call(accounts.withdraw, { account: "a" })).toEqualTypeOf<{ balance: number }>();
		expectTypeOf(await run.call(plain.withdraw, { account: "a" })).toEqualTypeOf<{ n: 1 }>();
		// @ts-expect-error: there is no such input.
		void run.call(accounts.withdraw, { acount: "a" });
		try {
			await run.call(accounts.withdraw, { account: "a", amount: 1 }, { as: "again" });
		} catch (error) {
			if (isError(error, Account.withdraw.error.insufficient_funds)) {
				expectTypeOf(error).toExtend<ServiceError<{ balance: number }>>();
			}
		}

		// Steps give back what they came to, as far as JSON can carry it.
		expectTypeOf(await run.step("count", () => 1)).toEqualTypeOf<number>();
		expectTypeOf(await run.step("nothing", async () => {})).toEqualTypeOf<void>();
		expectTypeOf(await run.step("time", () => new Date())).toBeString();

		// An event is received with its data; within a time, perhaps without.
		expectTypeOf(await run.receive(Orders.paid)).toEqualTypeOf<{ id: string; amount: number }>();
		expectTypeOf(await run.receive(Orders.paid, { as: "b", withinMs: 1 })).toEqualTypeOf<
			{ id: string; amount: number } | undefined
		>();
		// @ts-expect-error: the workflow does not name it.
		void run.receive(Orders.shipped);

		// A restart takes what the start event takes, and never comes back.
		expectTypeOf(run.restart({ id: "a" })).toEqualTypeOf<Promise<never>>();
		// @ts-expect-error: the id is missing.
		void run.restart({ count: 1 });
	},
	{ receives: [Orders.paid] },
);

workflow("none", Orders.placed, async (_, run) => {
	// @ts-expect-error: it receives nothing.
	await run.receive(Orders.paid);
});
// @ts-expect-error: a method starts no runs.
workflow("wrong", Account.withdraw, async () => {});
