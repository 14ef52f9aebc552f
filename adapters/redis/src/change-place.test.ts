import { expect, test } from "vitest";
import { placeId, readChanges, readPlace } from "./change-place.ts";

test("a place is read from what a script returns, and is an id of the stream", () => {
	expect(readPlace(["1700000000000", "7"])).toEqual({ generation: "1700000000000", revision: 7 });
	expect(placeId({ generation: "1700000000000", revision: 7 })).toBe("1700000000000-7");
	expect(placeId(readPlace([null, null]))).toBe("0-0");
	expect(placeId(readPlace(null))).toBe("0-0");
});

test("changes are read from what XREAD answers, which is nothing when its time is up", () => {
	const answer = [
		[
			"changes",
			[
				["5-1", ["up", "a"]],
				["5-2", ["left", "a"]],
			],
		],
	];
	expect(readChanges(answer)).toEqual([
		{ place: { generation: "5", revision: 1 }, key: "a", isRelease: false },
		{ place: { generation: "5", revision: 2 }, key: "a", isRelease: true },
	]);
	expect(readChanges(null)).toEqual([]);
	expect(readChanges([["changes", [["5-1", []], null, 7]]])).toEqual([]);
});
