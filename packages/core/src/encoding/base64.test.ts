import { expect, test } from "vitest";
import { fromBase64, toBase64 } from "./base64.ts";

test("bytes survive, without padding", () => {
	for (const length of [0, 1, 2, 3, 4, 255]) {
		const bytes = Uint8Array.from({ length }, (_, index) => 255 - index);
		expect(fromBase64(toBase64(bytes))).toEqual(bytes);
		expect(toBase64(bytes)).not.toContain("=");
	}
});

test("padding and the URL-safe alphabet are read", () => {
	expect(fromBase64("+/8=")).toEqual(Uint8Array.of(0xfb, 0xff));
	expect(fromBase64("-_8")).toEqual(Uint8Array.of(0xfb, 0xff));
});

test("a text that is not base64 is undefined", () => {
	for (const text of ["a", "a b=", "äöü", "AAAA=AAA", "{}"]) expect(fromBase64(text)).toBeUndefined();
});
