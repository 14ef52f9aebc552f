import { describe, expect, test } from "vitest";
import { checkLog, isPassed, type Position, parsePosition, positionText, receiptAt } from "./position.ts";

const position: Position = {
	log: "0198c0de",
	topic: "account",
	lane: 3,
	id: "e1",
	key: "a1",
	cursor: "0000000000b-1x",
};

describe("a position", () => {
	test("as text is read back as it was", () => {
		expect(parsePosition(positionText(position))).toEqual(position);
	});

	test.each(["a;b", "é 👍", "__proto__", "100%", 'a"b\n'])("may have any key: %j", (key) => {
		expect(parsePosition(positionText({ ...position, key }))).toEqual({ ...position, key });
	});

	test("is printable ASCII, as metadata has to be", () => {
		expect(positionText({ ...position, key: "é\n👍" })).toMatch(/^[\x21-\x7e]+$/);
	});

	test("has no cursor where places are given later, and no key where the event has none", () => {
		const { cursor: _, key: __, ...rest } = position;
		expect(parsePosition(positionText(rest))).toEqual(rest);
	});

	test.each([
		"",
		";",
		"a;b;c;d;e;f",
		"a;b;-1;d;e;f",
		";b;1;d;e;f",
		"a;b;1;d;e",
		"a;b;1;%E0;e;f",
		"a;b;1;d;e;f;g",
	])("that is none is refused by a sentence: %j", (text) => {
		expect(() => parsePosition(text)).toThrow(
			expect.objectContaining({ code: "invalid_argument", reason: "invalid_position" }),
		);
	});

	test("has the receipt of its event", () => {
		expect(receiptAt(position)).toEqual({ id: "e1", lane: 3, cursor: position.cursor, duplicate: false });
	});

	test("is passed by a reader at it or behind it", () => {
		const placed = { ...position, cursor: "b" };
		expect(["a", "b", "c"].map((reader) => isPassed(placed, reader))).toEqual([false, true, true]);
	});

	test("of another log is refused by a sentence that names both", () => {
		expect(() => checkLog(position, "0198c0de", "the view balances")).not.toThrow();
		expect(() => checkLog(position, "other", "the view balances")).toThrow(
			expect.objectContaining({
				code: "failed_precondition",
				reason: "other_log",
				message: expect.stringMatching(/^the view balances reads the log other, .* in the log 0198c0de;/),
			}),
		);
	});
});
