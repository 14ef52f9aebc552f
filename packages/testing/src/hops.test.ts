import {
	type Client,
	Context,
	contract,
	isError,
	method,
	ResponseMetadata,
	type Service,
	ServiceError,
	stream,
} from "@allium/core";
import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { testClient } from "./test-client.ts";

const item = z.object({ item: z.string() });
const Stock = contract("stock", {
	take: method({
		input: item,
		output: z.object({ left: z.int() }),
		errors: {
			sold_out: { code: "failed_precondition", message: "sold out", data: item },
			locked: { code: "aborted" },
		},
	}),
	watch: method({ input: item, output: stream(z.object({ left: z.int() })), effect: "read" }),
});
const Shop = contract("shop", {
	buy: method({
		input: item,
		output: z.object({ left: z.int() }),
		errors: { sold_out: { code: "failed_precondition", data: item } },
	}),
	follow: method({ input: item, output: stream(z.object({ left: z.int() })), effect: "read" }),
});

/** A shop that takes from a stock, local or remote. */
function shop(stock: Service<typeof Stock>): Service<typeof Shop> {
	return {
		buy: (input, ctx) => stock.take(input, ctx),
		follow: (input, ctx) => stock.watch(input, ctx),
	};
}

/** The service of a stock. */
function stock(take: Service<typeof Stock>["take"]): Service<typeof Stock> {
	return {
		take,
		async *watch() {
			yield { left: 1 };
		},
	};
}

/** A client of a shop that calls a stock over a second hop. */
function twoHops(service: Service<typeof Stock>) {
	const callee = testClient(Stock, service);
	const caller = testClient(Shop, shop(callee));
	const dispose = async () => {
		await caller[Symbol.asyncDispose]();
		await callee[Symbol.asyncDispose]();
	};
	return { shop: caller, [Symbol.asyncDispose]: dispose };
}

const tea = { item: "tea" };
const background = Context.background();

describe("a client in the place of a service", () => {
	const places: [string, (service: Service<typeof Stock>) => Service<typeof Stock> | Client<typeof Stock>][] =
		[
			["local", (service) => service],
			["remote", (service) => testClient(Stock, service)],
			["two hops away", (service) => testClient(Stock, testClient(Stock, service))],
		];

	test.each(places)("answers the same: %s", async (_, place) => {
		await using client = testClient(Shop, shop(place(stock(async () => ({ left: 3 })))));
		expect(await client.buy(tea)).toEqual({ left: 3 });
		expect(await Array.fromAsync(client.follow(tea))).toEqual([{ left: 1 }]);
	});

	test.each(places)("fails the same: %s", async (_, place) => {
		const soldOut = stock(async (input) => {
			throw Stock.take.error.sold_out(input);
		});
		await using client = testClient(Shop, shop(place(soldOut)));
		const caught = await client.buy(tea).catch((error: unknown) => error);
		expect(isError(caught, Shop.buy.error.sold_out) && caught.data).toEqual(tea);
	});
});

describe("over two hops", () => {
	test("a deadline arrives as what remains of it", async () => {
		const remaining: number[] = [];
		await using hops = twoHops(
			stock(async (_, ctx) => {
				remaining.push(ctx.remaining());
				return { left: 0 };
			}),
		);
		await hops.shop.buy(tea, background.withTimeout(2_000));
		expect(remaining[0]).toBeGreaterThan(1_000);
		expect(remaining[0]).toBeLessThanOrEqual(2_000);
	});

	test("a cancelled call is cancelled below", async () => {
		const [arrived, canceled] = [vi.fn(), vi.fn()];
		await using hops = twoHops(
			stock((_, ctx) => {
				arrived();
				ctx.signal.addEventListener("abort", () => canceled(ctx.error?.code));
				return new Promise(() => {});
			}),
		);
		const { ctx, cancel } = background.withCancel();
		const call = hops.shop.buy(tea, ctx);
		await vi.waitFor(() => expect(arrived).toHaveBeenCalled());
		cancel();
		await expect(call).rejects.toMatchObject({ code: "canceled" });
		await vi.waitFor(() => expect(canceled).toHaveBeenCalledExactlyOnceWith("canceled"));
	});

	test("a stream that is broken out of is left below", async () => {
		const left = vi.fn();
		await using hops = twoHops({
			...stock(async () => ({ left: 0 })),
			async *watch() {
				try {
					for (let n = 0; ; n++) yield { left: n };
				} finally {
					left();
				}
			},
		});
		for await (const { left } of hops.shop.follow(tea)) if (left === 3) break;
		await vi.waitFor(() => expect(left).toHaveBeenCalledOnce());
	});

	test("only global metadata travels on", async () => {
		const seen: string[][] = [];
		await using hops = twoHops(
			stock(async (_, ctx) => {
				seen.push(Array.from(ctx.metadata, ([name, value]) => `${name}=${value}`));
				return { left: 0 };
			}),
		);
		await hops.shop.buy(tea, background.withMetadata({ "x-global-tenant": "acme", "x-request": "1" }));
		expect(seen).toEqual([["x-global-tenant=acme"]]);
	});

	test("an undeclared error of the callee's becomes internal, and is logged at the hop", async () => {
		const log = vi.fn();
		await using callee = testClient(
			Stock,
			stock(async () => {
				throw Stock.take.error.locked({ message: "by ann" });
			}),
		);
		await using caller = testClient(Shop, shop(callee), { logger: { log } });
		await expect(caller.buy(tea)).rejects.toMatchObject({
			code: "internal",
			message: "internal error",
			domain: "shop",
		});
		expect(log).toHaveBeenCalledWith(
			"error",
			expect.any(String),
			expect.objectContaining({ method: "shop/buy", error: expect.objectContaining({ reason: "locked" }) }),
		);
	});

	test("unavailable stays unavailable, without detail", async () => {
		await using hops = twoHops(
			stock(async () => {
				throw new ServiceError({ code: "unavailable", message: "db-7 is down", retryAfterMs: 1 });
			}),
		);
		await expect(hops.shop.buy(tea)).rejects.toMatchObject({ code: "unavailable", message: "unavailable" });
	});

	test("a callee that was never reached does not make the call repeatable", async () => {
		const callee = testClient(
			Stock,
			stock(async () => ({ left: 0 })),
		);
		await callee[Symbol.asyncDispose]();
		await using caller = testClient(Shop, shop(callee));
		const caught = await caller.buy(tea).catch((error: unknown) => error);
		expect(caught).toMatchObject({ code: "unavailable", message: "unavailable", notExecuted: false });
	});
});

describe("metadata of a reply", () => {
	test("comes back to its caller", async () => {
		await using client = testClient(
			Stock,
			stock(async (_, ctx) => {
				ctx.response.headers.append("etag", "1");
				ctx.response.trailers.append("cost", "2");
				return { left: 0 };
			}),
		);
		const received = new ResponseMetadata();
		await client.take(tea, background.withResponse(received));
		expect([received.headers.get("etag"), received.trailers.get("cost")]).toEqual(["1", "2"]);
	});

	test("comes back with an error too", async () => {
		await using client = testClient(
			Stock,
			stock(async (_, ctx) => {
				ctx.response.trailers.append("cost", "2");
				throw Stock.take.error.sold_out(tea);
			}),
		);
		const caught = await client.take(tea).catch((error: unknown) => error);
		expect(isError(caught, Stock.take.error.sold_out) && caught.metadata?.get("cost")).toBe("2");
	});
});
