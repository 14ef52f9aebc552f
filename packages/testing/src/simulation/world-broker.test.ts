import { Context, contract, event, later } from "@allium/core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type Scenario, type SimulatedNode, simulate, type World } from "./index.ts";

const Orders = contract("orders", {
	placed: event({ key: "customer", data: z.object({ customer: z.string(), number: z.int() }) }),
});

/** Starts a node that handles orders. */
function startInvoices(world: World, handle: (number: number) => void): Promise<SimulatedNode> {
	return world.start("invoices", (node) =>
		node.subscribe(Orders, { placed: ({ number }) => handle(number) }, { group: "invoices" }),
	);
}

async function publish(shop: SimulatedNode, ...numbers: readonly number[]): Promise<void> {
	await shop.run(async () => {
		for (const number of numbers) await shop.publish(Orders.placed({ customer: "Ada", number }));
	});
}

async function run<Value>(scenario: Scenario<Value>): Promise<Value> {
	return (await simulate({ broker: { ttlMs: 1_000 } }, scenario)).value;
}

describe("world.idle()", () => {
	test("waits for events whose handlers fail at first", async () => {
		const handled = await run(async (world) => {
			const attempts: number[] = [];
			await startInvoices(world, (number) => {
				attempts.push(number);
				if (attempts.length < 3) throw new Error("the printer is out of paper");
			});
			await publish(await world.start("shop"), 1, 2);
			await world.idle();
			return attempts;
		});
		expect(handled).toEqual([1, 1, 1, 2]);
	});

	test("waits for events that are handled later, and takes no real time", async () => {
		const at = await run(async (world) => {
			let handledAt = 0;
			await startInvoices(world, () => {
				handledAt = world.now;
			});
			const shop = await world.start("shop");
			await shop.run(() => shop.publish(later(Orders.placed({ customer: "Ada", number: 1 }), 60_000)));
			await world.idle();
			return handledAt;
		});
		expect(at).toBeGreaterThanOrEqual(60_000);
	});

	test("does not wait for parked events, which wait for an operator", async () => {
		const parked = await run(async (world) => {
			const invoices = await startInvoices(world, () => {
				throw new Error("never");
			});
			await publish(await world.start("shop"), 1, 2);
			await world.idle();
			return invoices.run(() => {
				const parking = invoices.broker.parking({ topic: "orders", group: "invoices" });
				return parking.list({ limit: 10 }, Context.background());
			});
		});
		expect(parked.items).toMatchObject([{ key: "Ada", attempt: 8 }]);
	});

	test("waits for groups that each process has for itself", async () => {
		const seen = await run(async (world) => {
			const handled: number[] = [];
			await world.start("screen", (node) =>
				node.subscribe(
					Orders,
					{
						async placed({ number }) {
							await node.work(500);
							handled.push(number);
						},
					},
					{ group: "screens", each: true },
				),
			);
			await publish(await world.start("shop"), 1, 2);
			await world.idle();
			return handled;
		});
		expect(seen).toEqual([1, 2]);
	});

	test("says what is left when it takes too long", async () => {
		const idle = run(async (world) => {
			const invoices = await startInvoices(world, () => {});
			invoices.crash();
			await publish(await world.start("shop"), 1);
			await world.idle(5_000);
		});
		await expect(idle).rejects.toThrow(
			"not idle within 5000 ms: the group invoices of orders has 1 events to handle, 0 to try again and 0 delayed",
		);
	});
});

describe("the simulated broker", () => {
	test("keeps what it has written when it crashes, and goes on when it is back", async () => {
		const handled = await run(async (world) => {
			const numbers: number[] = [];
			await startInvoices(world, (number) => void numbers.push(number));
			const shop = await world.start("shop");
			await publish(shop, 1);
			await world.idle();
			world.broker.crash();
			const second = publish(shop, 2);
			await world.sleep(2_000);
			await world.broker.restart();
			await second;
			await world.idle();
			return numbers;
		});
		expect(handled).toEqual([1, 2]);
	});

	test("is away for a minute: publications are refused in time, and all goes on by itself when it is back", async () => {
		const { handled, refusal, refusedAfterMs, backAfterMs } = await run(async (world) => {
			const handled: number[] = [];
			await startInvoices(world, (number) => handled.push(number));
			const shop = await world.start("shop");
			await publish(shop, 1, 2);
			world.broker.crash();
			const awayAt = world.now;
			const refusal = await publish(shop, 3).then(() => undefined, String);
			const refusedAfterMs = world.now - awayAt;
			await world.sleep(60_000 - refusedAfterMs);
			await world.broker.restart();
			const backAt = world.now;
			await publish(shop, 4);
			await world.until("the new event is handled", () => handled.includes(4));
			return { handled, refusal, refusedAfterMs, backAfterMs: world.now - backAt };
		});
		expect(refusal).toBe("ServiceError: publish: the broker refused the connection");
		expect(refusedAfterMs).toBeLessThan(31_000);
		// A process looks again after five seconds at the latest.
		expect(backAfterMs).toBeLessThan(10_000);
		expect(handled.filter((number) => number !== 3)).toEqual([1, 2, 4]);
	});

	test("refuses publications while its disk is full", async () => {
		const refused = await run(async (world) => {
			const shop = await world.start("shop");
			await publish(shop, 1);
			world.configureBroker({ diskFull: true });
			return publish(shop, 2).catch((error) => error);
		});
		expect(refused).toMatchObject({ code: "unavailable", message: "the disk is full" });
	});

	test("has each event once, though publications come twice and their answers are lost", async () => {
		const handled = await run(async (world) => {
			const numbers: number[] = [];
			await startInvoices(world, (number) => void numbers.push(number));
			const shop = await world.start("shop");
			const doubled = { probability: 1, delay: () => 300 };
			world.configureBroker({ doubledPublishes: doubled, lostReplies: 0.5 });
			await publish(shop, 1, 2, 3);
			world.configureBroker({ lostReplies: 0 });
			await world.idle();
			return numbers;
		});
		expect(new Set(handled)).toEqual(new Set([1, 2, 3]));
	});
});

test("a node that pauses does nothing, and then what was due; its clocks go on", async () => {
	const { value } = await simulate({}, async (world) => {
		const node = await world.start("sleeper");
		const timed = node.run(async () => {
			const begin = performance.now();
			await new Promise((resolve) => setTimeout(resolve, 100));
			return performance.now() - begin;
		});
		await world.sleep(50);
		node.pause(1_000);
		return timed;
	});
	expect(value).toBe(1_050);
});

test("a node whose clock is wrong has another wall clock, and the same monotonic one", async () => {
	const { value } = await simulate({}, async (world) => {
		const [early, right] = [await world.start("early"), await world.start("right")];
		early.skewClock(-30_000);
		const clocks = (): [number, number] => [Date.now(), performance.now()];
		const [[earlyWall, earlyTime], [wall, time]] = await Promise.all([early.run(clocks), right.run(clocks)]);
		return [wall - earlyWall, Math.abs(time - earlyTime) < 1];
	});
	expect(value).toEqual([30_000, true]);
});
