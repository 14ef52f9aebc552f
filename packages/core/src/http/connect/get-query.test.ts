import { expect, test } from "vitest";
import { getQuery } from "./get-query.ts";

test("text is escaped, bytes are base64 for URLs", () => {
	expect(getQuery("json", '{"a":"ä&b"}')).toBe(
		"?connect=v1&encoding=json&message=%7B%22a%22%3A%22%C3%A4%26b%22%7D",
	);
	expect(getQuery("proto", Uint8Array.of(0xfb, 0xff, 0xbf))).toBe(
		"?connect=v1&encoding=proto&base64=1&message=-_-_",
	);
});

test("an input that is too long for a URL has no query, before or after it was escaped", () => {
	expect(getQuery("json", "x".repeat(7_000))).toBeUndefined();
	expect(getQuery("json", '"'.repeat(3_000))).toBeUndefined();
	expect(getQuery("proto", new Uint8Array(5_000))).toBeUndefined();
});
