import { testClient } from "@allium/testing";
import { isError } from "allium";
import { expect, test } from "vitest";
import { Merchants } from "./contract.ts";
import { directory } from "./directory.ts";
import { merchants } from "./service.ts";

test.each(["COFFEE AND CO LONDON", "coffee  and co", "COFFEE AND CO"])("%s is Coffee & Co", async (name) => {
	await using client = testClient(Merchants, merchants(directory));
	expect(await client.find({ name })).toMatchObject({ name: "Coffee & Co", emoji: "☕" });
});

test.each(["COFFEE AND COMPANY", "PUB", ""])("%j is unknown", async (name) => {
	await using client = testClient(Merchants, merchants(directory));
	const error = await client.find({ name }).catch((caught: unknown) => caught);
	expect(isError(error, Merchants.find.error.unknown_merchant)).toBe(true);
});
