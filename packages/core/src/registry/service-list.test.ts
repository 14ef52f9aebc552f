import { expect, test } from "vitest";
import { parseServiceList } from "./service-list.ts";

test("a list has what belongs to each service, without the spaces around it", () => {
	expect([...parseServiceList(" orders = a , b ;stock=c;", "write orders=a")]).toEqual([
		["orders", ["a", "b"]],
		["stock", ["c"]],
	]);
});

test.each([
	["orders", '"orders" has no "="; write orders=a'],
	["=a", '"" is not the name of a service; write orders=a'],
	["a b=c", '"a b" is not the name of a service'],
	["orders=a;orders=b", "orders is listed twice"],
])("a list that is wrong is refused in one sentence: %s", (text, sentence) => {
	expect(() => parseServiceList(text, "write orders=a")).toThrow(sentence);
});
