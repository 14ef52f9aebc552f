import { testClient } from "@allium/testing";
import { isError, type Logger } from "allium";
import { describe, expect, test } from "vitest";
import { Add, int32 } from "./contract.ts";
import { type Counters, counting } from "./counting.ts";
import { logging } from "./logging.ts";
import { addService } from "./service.ts";

describe("addsvc", () => {
	test("adds and joins", async () => {
		await using add = testClient(Add, addService);
		expect(await add.sum({ a: 1, b: 2 })).toEqual({ v: 3 });
		expect(await add.concat({ a: "x", b: "y" })).toEqual({ v: "xy" });
	});

	test("cannot sum two zeroes", async () => {
		await using add = testClient(Add, addService);
		const error = await add.sum({ a: 0, b: 0 }).catch((caught: unknown) => caught);
		expect(isError(error, Add.sum.error.two_zeroes)).toBe(true);
		expect(error).toMatchObject({ message: "can't sum two zeroes" });
	});

	test.each([
		[int32.max, 1],
		[int32.min, -1],
	])("reports the overflow of %i + %i", async (a, b) => {
		await using add = testClient(Add, addService);
		const error = await add.sum({ a, b }).catch((caught: unknown) => caught);
		expect(error).toMatchObject({ code: "out_of_range", message: "integer overflow" });
		expect(isError(error, Add.sum.error.int_overflow) && error.data.max).toBe(int32.max);
	});

	test("joins up to ten characters", async () => {
		await using add = testClient(Add, addService);
		expect(await add.concat({ a: "12345", b: "67890" })).toEqual({ v: "1234567890" });
		await expect(add.concat({ a: "12345", b: "678901" })).rejects.toMatchObject({
			reason: "max_size_exceeded",
			message: "result exceeds maximum size",
		});
	});

	test("streams the primes", async () => {
		await using add = testClient(Add, addService);
		const primes = await Array.fromAsync(add.primes({ upTo: 20 }), ({ prime }) => prime);
		expect(primes).toEqual([2, 3, 5, 7, 11, 13, 17, 19]);
	});

	test("logs method, arguments, result and error", async () => {
		const logged: unknown[] = [];
		const logger: Logger = { log: (_, __, fields) => logged.push(fields) };
		await using add = testClient(Add, addService, { serve: { service: [logging(logger)] } });
		await add.sum({ a: 1, b: 2 });
		await add.concat({ a: "too long ", b: "to join" }).catch(() => {});
		expect(logged).toEqual([
			{ method: "sum", a: 1, b: 2, v: 3, err: undefined },
			{ method: "concat", a: "too long ", b: "to join", v: undefined, err: "result exceeds maximum size" },
		]);
	});

	test("counts integers summed and characters joined, of calls that succeeded", async () => {
		const counters: Counters = { integersSummed: 0, charactersConcatenated: 0 };
		await using add = testClient(Add, addService, { serve: { service: [counting(counters)] } });
		await add.sum({ a: 1, b: 2 });
		await add.sum({ a: 0, b: 0 }).catch(() => {});
		await add.concat({ a: "ab", b: "c" });
		expect(counters).toEqual({ integersSummed: 2, charactersConcatenated: 3 });
	});
});
