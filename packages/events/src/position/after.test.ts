import { Context, contract, method, ResponseMetadata } from "@allium/core";
import { testClient } from "@allium/testing";
import { describe, expect, test } from "vitest";
import { after, positionsOf, tellPosition } from "./after.ts";
import { type Position, positionText } from "./position.ts";

const position: Position = { log: "log", topic: "account", lane: 3, id: "e1", key: "a1", cursor: "b" };

/** The metadata of a reply that carried these positions. */
function received(...positions: readonly Position[]): ResponseMetadata {
	const response = new ResponseMetadata();
	const ctx = Context.background()["~with"]({ response });
	for (const each of positions) tellPosition(ctx, each);
	return response;
}

describe("a context after a reply", () => {
	test("has the position of the reply to wait for", () => {
		const ctx = after(Context.background(), received(position));
		expect(positionsOf(ctx)).toEqual([position]);
	});

	test("is the same when the reply had no position", () => {
		const ctx = Context.background();
		expect(after(ctx, received())).toBe(ctx);
		expect(positionsOf(ctx)).toEqual([]);
	});

	test("waits for the latest of several of one key, and for each of different ones", () => {
		const later = { ...position, id: "e2", cursor: "c" };
		const other = { ...position, id: "e3", key: "a2" };
		const unplaced = [
			{ log: "log", topic: "account", lane: 3, id: "e4", key: "a1" },
			{ log: "log", topic: "account", lane: 3, id: "e5", key: "a1" },
		];
		const once = after(Context.background(), received(later, other, ...unplaced));
		expect(positionsOf(after(once, received(position)))).toEqual([later, other, ...unplaced]);
	});

	test("has each of several positions that HTTP joined in one header", () => {
		const other = { ...position, id: "e2", key: "a,2" };
		const response = new ResponseMetadata();
		response.headers.set("allium-position", `${positionText(position)}, ${positionText(other)}`);
		expect(positionsOf(after(Context.background(), response))).toEqual([position, other]);
	});

	test("is refused for a position that cannot be read", () => {
		const response = new ResponseMetadata();
		response.headers.set("allium-position", "nonsense");
		expect(() => after(Context.background(), response)).toThrow(
			expect.objectContaining({ reason: "invalid_position" }),
		);
	});
});

test("a position travels from the reply of one service to a read of another, and on", async () => {
	const Account = contract("account", { deposit: method({}) });
	const Balances = contract("balances", { read: method({ effect: "read" }) });
	const seen: unknown[] = [];
	await using accounts = testClient(Account, {
		async deposit(_, ctx) {
			tellPosition(ctx, position);
		},
	});
	await using balances = testClient(Balances, {
		async read(_, ctx) {
			seen.push(positionsOf(ctx), positionsOf(after(ctx.withoutCancel(), ctx.metadata)));
		},
	});
	const response = new ResponseMetadata();
	await accounts.deposit({}, Context.background().withResponse(response));
	await balances.read({}, after(Context.background(), response));
	expect(seen).toEqual([[position], [position]]);
});
