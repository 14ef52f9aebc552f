import { describe, expect, test } from "vitest";
import { isSingleHeader, repeatedHeader } from "./repeated-header.ts";

describe("several values of one header", () => {
	test("go out one by one where HTTP takes a list", () => {
		expect(repeatedHeader("set-cookie", ["a=1", "b=2"])).toEqual(["a=1", "b=2"]);
		expect(repeatedHeader("x-own", ["1", "2"])).toEqual(["1", "2"]);
	});

	test("go out as the first where the header may stand only once", () => {
		expect(repeatedHeader("etag", ['"1"', '"2"'])).toBe('"1"');
		expect(isSingleHeader("etag")).toBe(true);
	});

	test("go out on one line where HTTP/2 wants lists so", () => {
		expect(repeatedHeader("content-language", ["de", "en"])).toBe("de, en");
		expect(isSingleHeader("content-language")).toBe(false);
	});
});
