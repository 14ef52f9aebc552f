import { testClient } from "@allium/testing";
import { isError } from "allium";
import { describe, expect, test } from "vitest";
import { NewService } from "./contract.ts";
import { itemService } from "./service.ts";

describe("an item", () => {
	test("is found by the id that it was given", async () => {
		await using client = testClient(NewService, itemService());
		const pear = await client.add({ name: "pear", cents: 30 });
		expect(await client.get({ id: pear.id })).toEqual({ id: pear.id, name: "pear", cents: 30, left: 1 });
	});

	test("that was never added is not found", async () => {
		await using client = testClient(NewService, itemService());
		await expect(client.get({ id: "none" })).rejects.toMatchObject({
			code: "not_found",
			reason: "no_such_item",
		});
	});

	test("has a name", async () => {
		await using client = testClient(NewService, itemService());
		await expect(client.add({ name: "", cents: 30 })).rejects.toMatchObject({ code: "invalid_argument" });
	});

	test("is bought until too few are left", async () => {
		await using client = testClient(NewService, itemService());
		const { id } = await client.add({ name: "pear", cents: 30, left: 3 });
		expect(await client.buy({ id, count: 2 })).toMatchObject({ left: 1 });
		const error = await client.buy({ id, count: 2 }).catch((error) => error);
		expect(isError(error, NewService.buy.error.too_few) && error.data).toEqual({ left: 1 });
	});
});

test("items are listed, the oldest first", async () => {
	await using client = testClient(NewService, itemService());
	for (const name of ["pear", "plum", "nut"]) await client.add({ name, cents: 30 });
	const listed = await client.list({ limit: 2 });
	expect(listed.map(({ name }) => name)).toEqual(["pear", "plum"]);
});
