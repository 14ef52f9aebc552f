import { expect, test } from "vitest";
import { crashFindings } from "./crash-findings.ts";

test("what was acknowledged and never handled is lost", () => {
	expect(crashFindings(["a-0", "a-1"], new Map([["a-0", 1]]))).toEqual({ lost: ["a-1"], outOfOrder: [] });
});

test("what was handled before an earlier one of its key is out of order, whatever other keys do", () => {
	const first = new Map([
		["a-0", 5],
		["b-0", 1],
		["a-1", 3],
		["b-1", 2],
		["a-2", 6],
	]);
	expect(crashFindings(["a-0", "b-0", "a-1", "b-1", "a-2"], first).outOfOrder).toEqual(["a-1"]);
});

test("the poisonous key is looked at elsewhere", () => {
	expect(crashFindings(["poison-0"], new Map())).toEqual({ lost: [], outOfOrder: [] });
});
