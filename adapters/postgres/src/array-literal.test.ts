import { expect, test } from "vitest";
import { arrayLiteral } from "./array-literal.ts";

test("an array is written as PostgreSQL reads it", () => {
	expect(arrayLiteral([])).toBe("{}");
	expect(arrayLiteral([1, 2.5, -3])).toBe("{1,2.5,-3}");
	expect(arrayLiteral(["a,b", 'c"d', "e\\f", "NULL", "", undefined])).toBe(
		'{"a,b","c\\"d","e\\\\f","NULL","",NULL}',
	);
});
