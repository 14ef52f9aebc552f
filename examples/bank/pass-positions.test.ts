import { testClient } from "@allium/testing";
import { Context, contract, method, ResponseMetadata } from "allium";
import { expect, test } from "vitest";
import { passPositions } from "./pass-positions.ts";

const Edge = contract("edge", { ask: method({}) });
const Inner = contract("inner", { ask: method({}) });

test("a service in the middle tells its callee what to wait for, and its caller what was written", async () => {
	const position = (id: string) => `log;balance;3;${id};c;ann`;
	const arrived: unknown[] = [];
	await using inner = testClient(
		Inner,
		{
			async ask(_, ctx) {
				arrived.push(...ctx.metadata.getAll("allium-position"));
				ctx.response.headers.append("allium-position", position("new"));
			},
		},
		{ client: { middleware: [passPositions] } },
	);
	await using edge = testClient(Edge, { ask: async (_, ctx) => void (await inner.ask({}, ctx)) });
	const received = new ResponseMetadata();
	const ctx = Context.background().withMetadata({ "allium-position": position("old") });
	await edge.ask({}, ctx.withResponse(received));
	expect(arrived).toEqual([position("old")]);
	expect(received.headers.getAll("allium-position")).toEqual([position("new")]);
});
