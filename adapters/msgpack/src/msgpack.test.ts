import { describe, expect, test } from "vitest";
import { msgpack } from "./msgpack.ts";

function codec() {
	const found = msgpack().codec(undefined);
	if (found?.binary !== true) throw new Error("MessagePack is binary");
	return found;
}

const { encode, decode } = codec();

describe("a message", () => {
	test("is as MessagePack has it", () => {
		expect(Buffer.from(encode({ a: 1, b: 2 })).toString("hex")).toBe("82a16101a16202");
		expect(decode(Buffer.from("82a16101a16202", "hex"))).toEqual({ a: 1, b: 2 });
	});

	test.each([
		null,
		true,
		"",
		"ä🧅",
		0,
		64,
		-1,
		1.5,
		2 ** 40,
		Number.MAX_SAFE_INTEGER,
		[],
		[1, [2, { three: 3 }]],
		{},
		{ text: "x".repeat(70_000), list: Array.from({ length: 70_000 }, (_, n) => n) },
	])("survives: %j", (message) => {
		expect(decode(encode(message))).toEqual(message);
	});

	test.each([
		["a date", { at: new Date(0) }],
		["values that are left out", { a: undefined, b: () => {}, c: [undefined, Number.NaN], d: 1 }],
		[
			"an object of a class",
			new (class Point {
				x = 1;
			})(),
		],
		["an object without a prototype", Object.assign(Object.create(null), { x: 1 })],
	])("is what JSON makes of it: %s", (_, message) => {
		expect(decode(encode(message))).toEqual(JSON.parse(JSON.stringify(message)));
	});

	test("that is nothing stands for the empty object", () => {
		expect(decode(encode(undefined))).toEqual({});
	});

	test("does not depend on those before it, nor keeps the bytes", () => {
		for (let n = 0; n < 100; n++) expect(decode(encode({ a: n, b: "x" }))).toEqual({ a: n, b: "x" });
		const bytes = Uint8Array.from(encode({ text: "kept" }));
		const message = decode(bytes);
		bytes.fill(0);
		expect(message).toEqual({ text: "kept" });
	});
});

test("a value that cannot be carried is a bug on this side", () => {
	const circle: Record<string, unknown> = {};
	circle.self = circle;
	for (const message of [10n, { n: 10n }, circle, () => {}, Symbol("s")]) {
		expect(() => encode(message)).toThrow(
			expect.objectContaining({
				code: "internal",
				message: expect.stringContaining("cannot be written as MessagePack"),
			}),
		);
	}
});

test.each([
	["nothing", ""],
	["a message that is cut off", "82a16101"],
	["bytes behind a message", "82a16101a1620200"],
	["a byte that is never used", "c1"],
	["a list longer than the message", "dd01c00000"],
	["a date", "d6ff00000000"],
	["bytes", "c403010203"],
	["an error of JavaScript", "c7046593a161c0c0"],
	["a number that is not finite", "cb7ff8000000000000"],
	["lists within lists", `${"91".repeat(100_000)}c0`],
])("%s is the other side's fault", (_, hex) => {
	expect(() => decode(Buffer.from(hex, "hex"))).toThrow(
		expect.objectContaining({
			code: "invalid_argument",
			reason: "unparsable",
			message: expect.stringContaining("the message is not MessagePack"),
		}),
	);
});

test("a key that names the prototype changes no prototype", () => {
	const message = decode(Buffer.from("81a95f5f70726f746f5f5f81a561646d696ec3", "hex")) as { admin?: boolean };
	expect(message.admin).toBeUndefined();
});
