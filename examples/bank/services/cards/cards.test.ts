import { testClient } from "@allium/testing";
import { isError } from "allium";
import { expect, test } from "vitest";
import { Cards } from "./contract.ts";
import { cards } from "./service.ts";

const issued = [
	{ card: "one", account: "ann", state: "active" },
	{ card: "two", account: "ben", state: "active" },
] as const;

test("a card is frozen and thawed, as often as anybody says so", async () => {
	await using client = testClient(Cards, cards(issued));
	for (const state of ["frozen", "frozen", "active"] as const) {
		await client.setState({ card: "one", state });
		expect(await client.get({ card: "one" })).toEqual({ card: "one", account: "ann", state });
	}
});

test("an account has its own cards only", async () => {
	await using client = testClient(Cards, cards(issued));
	expect(await client.list({ account: "ben" })).toEqual({ cards: [issued[1]] });
});

test("an unknown card is said to be one", async () => {
	await using client = testClient(Cards, cards(issued));
	const error = await client.get({ card: "three" }).catch((caught: unknown) => caught);
	expect(isError(error, Cards.get.error.unknown_card)).toBe(true);
});
