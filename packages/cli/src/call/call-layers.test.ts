import { Context, chain, contract, type Kind, method, stream } from "@allium/core";
import { expect, test } from "vitest";
import * as z from "zod";
import { callLayers } from "./call-layers.ts";

const message = z.object({});
const Kinds = contract("kinds", {
	unary: method({}),
	client_stream: method({ input: stream(message) }),
});

/** How long a call of that kind may take, in milliseconds. */
async function timeLeft(kind: "unary" | "client_stream", timeoutMs?: number): Promise<number> {
	const left = Promise.withResolvers<number>();
	const called = Kinds["~allium"].methods.find(({ name }) => name === kind);
	if (called === undefined) throw new Error(`there is no ${kind}`);
	const layers = chain(...callLayers(kind satisfies Kind, timeoutMs).middleware);
	await layers(async (_, ctx) => left.resolve(ctx.remaining()), called)({}, Context.background());
	return left.promise;
}

test("a call takes 10 s at most", async () => {
	expect(await timeLeft("unary")).toBeLessThanOrEqual(10_000);
});

test("an input stream takes as long as its user types", async () => {
	expect(await timeLeft("client_stream")).toBe(Number.POSITIVE_INFINITY);
});

test("a timeout that was asked for replaces the default, longer or shorter", async () => {
	expect(await timeLeft("unary", 60_000)).toBe(Number.POSITIVE_INFINITY);
});
