import { describe, expect, test } from "vitest";
import * as z from "zod";
import { contract } from "../contract/contract.ts";
import { event } from "../contract/event.ts";
import { readEvent, withEventRead } from "./read-event.ts";

const { ended } = contract("matches", {
	ended: event({
		key: "id",
		version: 4,
		data: z.object({ id: z.string(), winner: z.string(), rated: z.boolean().default(true) }),
		upcast: {
			2: ({ won_by, ...old }) => ({ ...old, champion: won_by }),
			3: ({ id, champion }) => ({ id, winner: champion.trim() }),
		},
	}),
});

const stored = (version: number, data: unknown) => ({ id: "e1", version, data });

/** Two ways to read an event. */
const ways = [
	["read", readEvent],
	[
		"handed on",
		async (...stored: Parameters<typeof readEvent>): Promise<unknown> =>
			withEventRead(...stored, async (data) => data),
	],
] as const;

describe.each(ways)("a stored event that is %s", (_, read) => {
	test("of the present version is parsed", async () => {
		const data = { id: "a", winner: "ann" };
		expect(await read(ended, stored(4, data))).toEqual({ ...data, rated: true });
	});

	test("of an earlier version is upcast step by step, and parsed", async () => {
		const data = { id: "a", won_by: " ann " };
		expect(await read(ended, stored(2, data))).toEqual({ id: "a", winner: "ann", rated: true });
	});

	test("of the version between takes the remaining steps", async () => {
		const data = { id: "a", champion: "ann" };
		expect(await read(ended, stored(3, data))).toMatchObject({ winner: "ann" });
	});

	test("may have an asynchronous schema", async () => {
		const { checked } = contract("c", {
			checked: event({ version: 2, data: z.string().refine(async () => true), upcast: { 1: String } }),
		});
		expect(await read(checked, stored(1, 7))).toBe("7");
	});

	test("stays as it is when an upcast changes what it gets", async () => {
		const { moved } = contract("c", {
			moved: event({
				version: 2,
				data: z.object({ n: z.int() }),
				upcast: {
					1: (old) => {
						old.n++;
						return old;
					},
				},
			}),
		});
		const record = stored(1, { n: 1 });
		await read(moved, record);
		expect(await read(moved, record)).toEqual({ n: 2 });
	});
});

describe.each(ways)(
	"an event that is %s and cannot be is refused with its type, id and version",
	(_, read) => {
		test.each([
			["of a newer version", stored(5, {}), "unknown_version", "version 4 is the newest that is known here"],
			["of a version without upcast", stored(1, {}), "unknown_version", "no upcast from version 1"],
			["whose upcast throws", stored(3, {}), "upcast_failed", "the upcast from version 3 failed with "],
			[
				"that others wrote without its schema",
				stored(4, { id: 1 }),
				"invalid_event",
				"refuses its data: id: ",
			],
			["whose upcasts make what the schema refuses", stored(3, { champion: "a" }), "invalid_event", "id: "],
		])("%s", async (_, record, reason, fault) => {
			const reading = read(ended, record);
			await expect(reading).rejects.toMatchObject({
				code: "failed_precondition",
				reason,
				message: expect.stringContaining(
					`the event matches.ended with the id e1, of version ${record.version}, cannot be read: `,
				),
			});
			await expect(reading).rejects.toThrow(fault);
		});

		test("whose schema throws", async () => {
			const { thrown } = contract("c", {
				thrown: event({
					version: 2,
					data: z.string().refine(() => {
						throw new TypeError("a fault of the schema");
					}),
					upcast: { 1: String },
				}),
			});
			await expect(read(thrown, stored(1, "x"))).rejects.toMatchObject({
				code: "failed_precondition",
				reason: "invalid_event",
			});
		});
	},
);
