import { expect, test } from "vitest";
import { readParameters } from "./url-parameters.ts";

const known = ["schema", "ca"] as const;

test("the parameters of a URL are read by name", () => {
	expect(readParameters("ca=a%20b&schema=s", known)).toEqual({ ca: "a b", schema: "s" });
	expect(readParameters("", known)).toEqual({});
});

test.each([
	["x=1", '"x" is no parameter of this URL; it takes ca, schema'],
	["__proto__=1", '"__proto__" is no parameter of this URL; it takes ca, schema'],
	["ca=", "the parameter ca takes one value"],
	["ca=a&ca=b", "the parameter ca takes one value"],
])("%s is refused", (query, message) => {
	expect(() => readParameters(query, known)).toThrow(
		expect.objectContaining({ code: "invalid_argument", message }),
	);
});
