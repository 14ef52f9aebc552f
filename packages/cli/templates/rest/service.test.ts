import { testClient } from "@allium/testing";
import { describe, expect, test } from "vitest";
import { NewService } from "./contract.ts";
import { notesService } from "./service.ts";

describe("the notes", () => {
	test("are found by the id that they were given", async () => {
		await using client = testClient(NewService, notesService());
		const note = await client.add({ text: "Buy onions." });
		expect(await client.get({ id: note.id })).toEqual({ id: note.id, text: "Buy onions." });
	});

	test("are listed, the oldest first", async () => {
		await using client = testClient(NewService, notesService());
		for (const text of ["one", "two", "three"]) await client.add({ text });
		const listed = await client.list({ limit: 2 });
		expect(listed.map(({ text }) => text)).toEqual(["one", "two"]);
	});

	test("that nobody kept are not found", async () => {
		await using client = testClient(NewService, notesService());
		await expect(client.get({ id: "none" })).rejects.toMatchObject({
			code: "not_found",
			reason: "no_such_note",
		});
	});

	test("have a text", async () => {
		await using client = testClient(NewService, notesService());
		await expect(client.add({ text: "" })).rejects.toMatchObject({ code: "invalid_argument" });
	});
});
