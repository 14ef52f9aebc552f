import { expect, test } from "vitest";
import { acquaintance, lanesOf, type Member, newestOf } from "./dealing.ts";

function member(id: string, joined: number, handles: Member["handles"] = { started: 1 }): Member {
	return { id, joined, handles };
}

test("members share the lanes evenly, and no lane is left out", () => {
	const members = [member("a", 1), member("b", 2), member("c", 3)];
	const dealt = members.map(({ id }) => lanesOf(id, members, 16));
	expect(dealt.map((lanes) => lanes.length)).toEqual([6, 5, 5]);
	expect(dealt.flat().sort((one, other) => one - other)).toEqual(
		Array.from({ length: 16 }, (_, lane) => lane),
	);
});

test("lanes go only to members that handle all that the newest handles", () => {
	const members = [member("old", 1), member("new", 2, { started: 2, ended: 1 })];
	expect(lanesOf("old", members, 4)).toEqual([]);
	expect(lanesOf("new", members, 4)).toEqual([0, 1, 2, 3]);
});

test("a member that handles more is the newest, also when its clock is behind", () => {
	const members = [member("old", 2), member("new", 1, { started: 1, ended: 1 })];
	expect(newestOf(members)?.id).toBe("new");
});

test("an event is handled up to the newest version that is known, and no name of objects is taken for one", () => {
	const known = { handles: { started: 2 } };
	expect(acquaintance(known, { type: "matches.started", version: 2 })).toBe("handled");
	expect(acquaintance(known, { type: "matches.started", version: 3 })).toBe("newer");
	expect(acquaintance(known, { type: "matches.constructor", version: 1 })).toBe("unknown");
});
