import { allowApps, contract, method, type Service, stream } from "@allium/core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { testClient } from "./test-client.ts";

const number = z.object({ n: z.int() });
const Numbers = contract("numbers", {
	double: method({ input: number, output: number, effect: "read" }),
	count: method({ input: number, output: stream(number), effect: "read" }),
	add: method({ input: stream(number), output: number }),
	doubleAll: method({ input: stream(number), output: stream(number) }),
	echo: method({ input: z.object({ text: z.string() }), output: z.object({ text: z.string() }) }),
	nothing: method({}),
});

const numbers: Service<typeof Numbers> = {
	async double({ n }) {
		return { n: n * 2 };
	},
	async *count({ n }) {
		for (let i = 1; i <= n; i++) yield { n: i };
	},
	async add(input) {
		let sum = 0;
		for await (const { n } of input) sum += n;
		return { n: sum };
	},
	async *doubleAll(input) {
		for await (const { n } of input) yield { n: n * 2 };
	},
	async echo(input) {
		return input;
	},
	async nothing() {},
};

async function* upTo(n: number) {
	for (let i = 1; i <= n; i++) yield { n: i };
}

describe("a test client", () => {
	test("calls a unary method", async () => {
		await using client = testClient(Numbers, numbers);
		expect(await client.double({ n: 21 })).toEqual({ n: 42 });
		expect(await client.nothing({})).toEqual({});
	});

	test("calls as the app that it is said to be", async () => {
		const serve = { middleware: [allowApps(["shop"])] };
		await using shop = testClient(Numbers, numbers, { serve, caller: { address: "test", app: "shop" } });
		expect(await shop.double({ n: 21 })).toEqual({ n: 42 });
		await using nobody = testClient(Numbers, numbers, { serve });
		await expect(nobody.double({ n: 21 })).rejects.toMatchObject({ code: "unauthenticated" });
	});

	test("receives a stream", async () => {
		await using client = testClient(Numbers, numbers);
		const seen = await Array.fromAsync(client.count({ n: 1000 }));
		expect(seen).toHaveLength(1000);
		expect(seen.at(-1)).toEqual({ n: 1000 });
	});

	test("sends a stream", async () => {
		await using client = testClient(Numbers, numbers);
		expect(await client.add(upTo(1000))).toEqual({ n: 500_500 });
	});

	test("sends and receives streams at once", async () => {
		await using client = testClient(Numbers, numbers);
		const seen = await Array.fromAsync(client.doubleAll(upTo(1000)));
		expect(seen.at(-1)).toEqual({ n: 2000 });
	});

	test("carries messages larger than a fragment and a window", async () => {
		await using client = testClient(Numbers, numbers);
		const text = "ä".repeat(1_500_000);
		expect((await client.echo({ text })).text).toBe(text);
	});

	test("refuses invalid input with the path of each issue", async () => {
		await using client = testClient(Numbers, numbers);
		await expect(client.double({ n: 1.5 })).rejects.toMatchObject({
			code: "invalid_argument",
			reason: "invalid_input",
			data: { issues: [{ path: ["n"] }] },
		});
	});
});
