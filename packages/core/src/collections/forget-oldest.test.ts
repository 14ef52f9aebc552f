import { expect, test } from "vitest";
import { forgetOldest } from "./forget-oldest.ts";

test("the entry that was set first is deleted", () => {
	const map = new Map([
		["a", 1],
		["b", 2],
	]);
	map.delete("a");
	map.set("a", 1);
	forgetOldest(map);
	expect([...map.keys()]).toEqual(["a"]);
});

test("an empty map stays so", () => {
	const map = new Map();
	forgetOldest(map);
	expect(map.size).toBe(0);
});
