import {
	contract,
	describe as describeContract,
	method,
	type Schema,
	type Service,
	stream,
} from "@allium/core";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { testClient } from "./test-client.ts";

interface OrderSent {
	item: string;
	count: string;
	note?: string | undefined;
}
interface Order {
	item: string;
	count: number;
	note?: string | undefined;
}
interface Receipt {
	item: string;
	total: number;
}

const byZod = {
	order: z.object({
		item: z.string().min(1),
		count: z.string().transform(Number),
		note: z.string().optional(),
	}),
	receipt: z.object({ item: z.string(), total: z.int() }),
	data: z.object({ left: z.int() }),
};
const byValibot = {
	order: toStandardJsonSchema(
		v.object({
			item: v.pipe(v.string(), v.trim(), v.minLength(1)),
			count: v.pipe(v.string(), v.transform(Number)),
			note: v.optional(v.string()),
		}),
	),
	receipt: toStandardJsonSchema(v.object({ item: v.string(), total: v.pipe(v.number(), v.integer()) })),
	data: toStandardJsonSchema(
		v.object({
			left: v.pipe(
				v.number(),
				v.check((left) => left > 0, "none left"),
			),
		}),
	),
};
const byArktype = {
	order: type({ item: "string > 0", count: "string.numeric.parse", "note?": "string" }),
	receipt: type({ item: "string", total: "number.integer" }),
	data: type({ left: "number.integer" }),
};

/** Implements the contract of any schema library, because all of them infer the same types. */
function fulfil(soldOut: (data: { left: number }) => Error) {
	return {
		async place({ item, count }: Order): Promise<Receipt> {
			if (item === "rare") throw soldOut({ left: 1 });
			return { item, total: item === "broken" ? 0.5 : count * 2 };
		},
		async *placeAll(orders: AsyncIterable<Order>): AsyncIterable<Receipt> {
			for await (const { item, count } of orders) yield { item, total: count * 2 };
		},
	};
}

describe("the schemas of zod", () => {
	const Orders = contract("orders", {
		place: method({
			input: byZod.order,
			output: byZod.receipt,
			errors: { sold_out: { code: "failed_precondition", data: byZod.data } },
		}),
		placeAll: method({ input: stream(byZod.order), output: stream(byZod.receipt) }),
	});
	const service: Service<typeof Orders> = fulfil(Orders.place.error.sold_out);

	speaks(() => testClient(Orders, service));

	test("describe themselves", () => {
		const { place } = describeContract(Orders).methods;
		expect(place?.input).toMatchObject({ properties: { count: { type: "string" } } });
		expect(place?.output).toMatchObject({ properties: { total: { type: "integer" } } });
	});
});

describe("the schemas of valibot", () => {
	const Orders = contract("orders", {
		place: method({
			input: byValibot.order,
			output: byValibot.receipt,
			errors: { sold_out: { code: "failed_precondition", data: byValibot.data } },
		}),
		placeAll: method({ input: stream(byValibot.order), output: stream(byValibot.receipt) }),
	});
	const service: Service<typeof Orders> = fulfil(Orders.place.error.sold_out);

	speaks(() => testClient(Orders, service));

	test("describe themselves where they are wrapped", () => {
		const { place } = describeContract(Orders).methods;
		expect(place?.input).toMatchObject({ properties: { count: { type: "string" } } });
		expect(place?.output).toMatchObject({ properties: { total: { type: "integer" } } });
	});

	test("are refused where they are not JSON", () => {
		const dates: Schema = toStandardJsonSchema(v.object({ at: v.date() }));
		expect(() => contract("dates", { run: { input: dates } })).toThrow(/cannot cross the wire as JSON/);
	});
});

describe("the schemas of arktype", () => {
	const Orders = contract("orders", {
		place: method({
			input: byArktype.order,
			output: byArktype.receipt,
			errors: { sold_out: { code: "failed_precondition", data: byArktype.data } },
		}),
		placeAll: method({ input: stream(byArktype.order), output: stream(byArktype.receipt) }),
	});
	const service: Service<typeof Orders> = fulfil(Orders.place.error.sold_out);

	speaks(() => testClient(Orders, service));

	test("describe themselves", () => {
		const { place } = describeContract(Orders).methods;
		expect(place?.input).toMatchObject({ properties: { count: { type: "string" } } });
		expect(place?.output).toMatchObject({ properties: { total: { type: "integer" } } });
	});
});

interface OrdersClient extends AsyncDisposable {
	place(input: OrderSent): Promise<Receipt>;
	placeAll(input: AsyncIterable<OrderSent>): AsyncIterable<Receipt>;
}

/** Declares the tests that hold through the whole stack with the schemas of any library. */
function speaks(connect: () => OrdersClient): void {
	test("carry a call: the handler gets what the input's schema makes", async () => {
		await using client = connect();
		expect(await client.place({ item: "tea", count: "21" })).toEqual({ item: "tea", total: 42 });
	});

	test("carry streams", async () => {
		await using client = connect();
		async function* sent() {
			for (const count of ["1", "2", "3"]) yield { item: "tea", count };
		}
		const totals = await Array.fromAsync(client.placeAll(sent()), ({ total }) => total);
		expect(totals).toEqual([2, 4, 6]);
	});

	test("refuse input with the path of each issue", async () => {
		await using client = connect();
		await expect(client.place({ item: "", count: "1" })).rejects.toMatchObject({
			code: "invalid_argument",
			reason: "invalid_input",
			data: { issues: [{ path: ["item"], message: expect.any(String) }] },
		});
	});

	test("refuse output, and tell a test why", async () => {
		await using client = connect();
		await expect(client.place({ item: "broken", count: "1" })).rejects.toMatchObject({
			code: "internal",
			message: expect.stringMatching(/^invalid output of orders\/place: total: /),
			data: undefined,
		});
	});

	test("type the data of declared errors", async () => {
		await using client = connect();
		await expect(client.place({ item: "rare", count: "1" })).rejects.toMatchObject({
			code: "failed_precondition",
			reason: "sold_out",
			data: { left: 1 },
		});
	});
}
