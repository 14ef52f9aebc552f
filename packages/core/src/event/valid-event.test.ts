import { describe, expect, test } from "vitest";
import * as z from "zod";
import { contract } from "../contract/contract.ts";
import { event } from "../contract/event.ts";
import { longestKey, validEvent, validEvents } from "./valid-event.ts";

const Matches = contract("matches", {
	started: event({ key: "id", data: z.object({ id: z.string(), size: z.int().default(19) }) }),
	moved: event({ data: z.object({ at: z.string() }) }),
	checked: event({ data: z.string().refine(async (text) => text !== "no", "is no") }),
	thrown: event({
		data: z.string().refine(() => {
			throw new TypeError("a fault of the schema");
		}),
	}),
});

describe("an event that is to be published", () => {
	test("is stored as the schema yields it, with its defaults", async () => {
		const valid = await validEvent(Matches.started({ id: "a" }));
		expect(valid).toEqual({ data: { id: "a", size: 19 }, key: "a" });
	});

	test("has no key when its declaration names none", async () => {
		expect(await validEvent(Matches.moved({ at: "D4" }))).toEqual({ data: { at: "D4" }, key: undefined });
	});

	test("may have an asynchronous schema", async () => {
		expect(await validEvent(Matches.checked("yes"))).toMatchObject({ data: "yes" });
		await expect(validEvent(Matches.checked("no"))).rejects.toMatchObject({ reason: "invalid_event" });
	});
});

describe("an event with invalid data is refused", () => {
	test("with its type, and with each fault at its place", async () => {
		const value = { ...Matches.started({ id: "a" }), data: { id: 1, size: "x" } };
		await expect(validEvent(value)).rejects.toMatchObject({
			code: "invalid_argument",
			reason: "invalid_event",
			message: expect.stringMatching(/^invalid data for the event matches\.started: id: .*; size: /),
			data: { issues: [{ path: ["id"] }, { path: ["size"] }] },
		});
	});

	test("when the schema throws", async () => {
		await expect(validEvent(Matches.thrown("x"))).rejects.toMatchObject({
			code: "invalid_argument",
			message: expect.stringContaining("a fault of the schema"),
		});
	});
});

describe("the key", () => {
	const keyed = (id: string) => validEvent(Matches.started({ id }));

	test.each([
		["is empty", ""],
		["has the character NUL", "a\0b"],
		["has half a surrogate pair", "a\ud800"],
		["is longer than 1024 bytes", "x".repeat(longestKey + 1)],
		["is longer than 1024 bytes", "é".repeat(longestKey / 2 + 1)],
	])("is refused where it %s", async (fault, id) => {
		await expect(keyed(id)).rejects.toMatchObject({
			code: "invalid_argument",
			reason: "invalid_event",
			message: expect.stringContaining(`matches.started: id: the key ${fault}`),
			data: { issues: [{ path: ["id"] }] },
		});
	});

	test.each(["x".repeat(longestKey), "é".repeat(longestKey / 2), "__proto__", "👍", "a b/c"])(
		"may be any other text",
		async (id) => {
			expect((await keyed(id)).key).toBe(id);
		},
	);

	test("is an own property, even where all objects inherit one of that name", async () => {
		const { happened } = contract("odd", { happened: event({ data: z.object({}) }) });
		const value = { ...happened({}), of: { ...happened, key: "toString" } };
		await expect(validEvent(value)).rejects.toMatchObject({ reason: "invalid_event" });
	});

	test("is a string, also where no compiler checked it", async () => {
		const loose = event({ key: "id", data: z.object({ id: z.any() }) } as never);
		const { happened } = contract("loose", { happened: loose });
		await expect(validEvent(happened({ id: 7 }))).rejects.toMatchObject({
			message: "invalid data for the event loose.happened: id: the key is no string",
		});
	});
});

describe("several events", () => {
	test("are validated at once where no schema is asynchronous", () => {
		const [one, other] = [Matches.moved({ at: "D4" }), Matches.started({ id: "a" })];
		expect(validEvents([one, other])).toEqual([
			[one, { data: { at: "D4" }, key: undefined }],
			[other, { data: { id: "a", size: 19 }, key: "a" }],
		]);
	});

	test("are refused by a rejection where one schema is asynchronous, also for the fault of another", async () => {
		const faulty = { ...Matches.moved({ at: "D4" }), data: {} };
		const validating = Promise.resolve(validEvents([Matches.checked("no"), faulty]));
		await expect(validating).rejects.toMatchObject({ reason: "invalid_event" });
	});
});
