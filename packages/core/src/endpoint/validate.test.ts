import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import type { Endpoint } from "./endpoint.ts";
import { validated } from "./validate.ts";

const number = z.object({ n: z.int() });
const slowly = z.object({ n: z.int().refine(async (n) => n > 0, "not positive") });
const C = contract("c", {
	echo: method({ input: number, output: number }),
	slow: method({ input: slowly, output: slowly }),
	nothing: method({}),
	streams: method({ input: stream(number), output: stream(number) }),
	parsed: method({ input: z.object({ n: z.string().transform(Number) }) }),
});

const ctx = Context.background();
const echo: Endpoint = async (input) => input;

async function* messages(...values: unknown[]) {
	yield* values;
}

describe("input", () => {
	test("is parsed once, and what the schema yields goes in", async () => {
		const next = vi.fn(echo);
		await validated(next, C.parsed, { output: true })({ n: "42", extra: true }, ctx);
		expect(next).toHaveBeenCalledExactlyOnceWith({ n: 42 }, ctx);
	});

	test.each([C.echo, C.slow])("that is invalid never goes in: $path", async (method) => {
		const next = vi.fn(echo);
		const call = Promise.try(validated(next, method, { output: true }), { n: -1.5 }, ctx);
		await expect(call).rejects.toMatchObject({
			code: "invalid_argument",
			reason: "invalid_input",
			message: expect.stringMatching(`^invalid input for ${method.path}: n: `),
			data: { issues: [{ path: ["n"], message: expect.any(String) }] },
		});
		expect(next).not.toHaveBeenCalled();
	});

	test("that a slow schema accepts goes in too", async () => {
		expect(await validated(echo, C.slow, { output: true })({ n: 1 }, ctx)).toEqual({ n: 1 });
	});

	test("that is missing in the contract is the empty object, whatever was sent", async () => {
		const next = vi.fn(echo);
		await validated(next, C.nothing, { output: true })({ sly: true }, ctx);
		expect(next).toHaveBeenCalledExactlyOnceWith({}, ctx);
	});

	test("that is a stream is parsed message by message", async () => {
		const collect: Endpoint = async (input) => Array.fromAsync(input as AsyncIterable<unknown>);
		const endpoint = validated(collect, C.streams, { output: false });
		expect(await endpoint(messages({ n: 1, extra: true }, { n: 2 }), ctx)).toEqual([{ n: 1 }, { n: 2 }]);
		await expect(endpoint(messages({ n: 1 }, {}), ctx)).rejects.toMatchObject({ reason: "invalid_input" });
	});

	test("with many issues shows the first three in the message, all in the data", async () => {
		const Wide = contract("wide", {
			run: method({ input: z.object({ a: z.int(), b: z.int(), c: z.int(), d: z.int() }) }),
		});
		const call = Promise.try(validated(echo, Wide.run, { output: true }), {}, ctx);
		await expect(call).rejects.toMatchObject({
			message: expect.stringMatching(/: a: .+; b: .+; c: .+; and 1 more$/),
			data: { issues: { length: 4 } },
		});
	});
});

describe("output", () => {
	test("is parsed, and what the schema yields comes out", async () => {
		const extra: Endpoint = async () => ({ n: 1, secret: true });
		expect(await validated(extra, C.echo, { output: true })({ n: 1 }, ctx)).toEqual({ n: 1 });
	});

	test.each([C.echo, C.slow])("that is invalid is a bug, not an answer: $path", async (method) => {
		const wrong: Endpoint = async () => ({ n: -1.5 });
		await expect(validated(wrong, method, { output: true })({ n: 1 }, ctx)).rejects.toThrow(
			new RegExp(`^invalid output of ${method.path}: n: `),
		);
	});

	test("is left alone when switched off", async () => {
		const wrong: Endpoint = async () => ({ n: -1.5 });
		expect(await validated(wrong, C.echo, { output: false })({ n: 1 }, ctx)).toEqual({ n: -1.5 });
	});

	test("that is missing in the contract is the empty object, whatever was answered", async () => {
		expect(await validated(async () => ({ row: 1 }), C.nothing, { output: true })({}, ctx)).toEqual({});
	});

	test("that is a stream is parsed message by message", async () => {
		const endpoint = validated(echo, C.streams, { output: true });
		const output = await endpoint(messages({ n: 1, extra: true }), ctx);
		expect(await Array.fromAsync(output as AsyncIterable<unknown>)).toEqual([{ n: 1 }]);
		const wrong = await validated(async () => messages({ n: 1 }, {}), C.streams, { output: true })(
			messages(),
			ctx,
		);
		await expect(Array.fromAsync(wrong as AsyncIterable<unknown>)).rejects.toThrow(/^invalid output of c/);
	});
});
