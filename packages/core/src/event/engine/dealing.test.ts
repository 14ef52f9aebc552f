import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LaneReport, Member, MemberReport } from "../group-state.ts";
import { covers, deal } from "./dealing.ts";

function member(id: string, joined: number, handles: Member["handles"] = { started: 1 }): MemberReport {
	return { id, joined, renewal: "1", handles };
}

/** Lanes by their holders. */
function lanes(holders: readonly (string | undefined)[]): LaneReport[] {
	return holders.map((holder, lane) => ({ lane, holder, epoch: 1, cursor: "", edits: 0 }));
}

/** The holders of the lanes once every member has done its part, and the number of lanes that moved. */
function settle(members: readonly MemberReport[], holders: readonly (string | undefined)[]) {
	let now = [...holders];
	let moves = 0;
	for (let round = 0; round < 20; round++) {
		const next = [...now];
		for (const { id } of members) {
			const { claim, release } = deal({ members, lanes: lanes(now) }, id);
			for (const { lane } of claim) next[lane] = id;
			for (const lane of release) next[lane] = undefined;
			moves += release.length;
		}
		if (JSON.stringify(next) === JSON.stringify(now)) return { holders: now, moves };
		now = next;
	}
	throw new Error("the lanes come to no rest");
}

function counts(members: readonly MemberReport[], holders: readonly (string | undefined)[]): number[] {
	return members.map(({ id }) => holders.filter((holder) => holder === id).length);
}

describe("lanes", () => {
	test("are dealt evenly, whichever member holds them at first, and no more of them move than must", () => {
		const holder = fc.option(fc.constantFrom("a", "b", "c", "d", "gone"), { nil: undefined });
		const property = fc.property(
			fc.array(holder, { minLength: 1, maxLength: 20 }),
			fc.subarray(["a", "b", "c", "d"], { minLength: 1 }),
			(held, ids) => {
				const members = ids.map((id, index) => member(id, index + 1));
				const { holders, moves } = settle(members, held);
				const [before, after] = [counts(members, held), counts(members, holders)];
				expect(after.reduce((sum, count) => sum + count, 0)).toBe(held.length);
				expect(Math.max(...after) - Math.min(...after)).toBeLessThanOrEqual(1);
				const surplus = before.map((count, index) => Math.max(0, count - (after[index] ?? 0)));
				expect(moves).toBe(surplus.reduce((sum, count) => sum + count, 0));
			},
		);
		fc.assert(property, { numRuns: 500 });
	});

	test("of a group of thousands are dealt with a few looks at each member", () => {
		let looks = 0;
		const handles = { started: 1, ended: 1 };
		const members = Array.from({ length: 2_000 }, (_, index) => ({
			...member(`m${index}`, index + 1),
			get handles() {
				looks++;
				return handles;
			},
		}));
		const table = { members, lanes: lanes(new Array(16).fill(undefined)) };
		expect(deal(table, "m1").claim).toHaveLength(1);
		expect(looks).toBeLessThan(10 * members.length);
	});

	test("are dealt to no two members at once", () => {
		const members = ["a", "b", "c"].map((id, index) => member(id, index + 1));
		const table = { members, lanes: lanes(new Array(16).fill(undefined)) };
		const dealt = members.flatMap(({ id }) => deal(table, id).claim.map(({ lane }) => lane));
		expect(dealt.sort((one, other) => one - other)).toEqual(Array.from({ length: 16 }, (_, lane) => lane));
	});

	test("stay where they are when there are more members than lanes", () => {
		const members = ["a", "b", "c"].map((id, index) => member(id, index + 1));
		expect(settle(members, ["a", "b"])).toEqual({ holders: ["a", "b"], moves: 0 });
	});
});

describe("a rolling deploy", () => {
	const old = member("old", 1, { started: 1 });
	const young = member("young", 2, { started: 1, ended: 1 });

	test("deals no further lanes to members that handle less than the newest", () => {
		expect(settle([old, young], new Array(4).fill(undefined)).holders).toEqual(new Array(4).fill("young"));
	});

	test("leaves such members their share of what they hold", () => {
		const { holders } = settle([old, young], new Array(4).fill("old"));
		expect(counts([old, young], holders)).toEqual([2, 2]);
	});

	test("deals no lanes to an old member that starts again while newer ones work", () => {
		const again = member("again", 3, { started: 1 });
		const { holders } = settle([young, again], ["young", "young", undefined, undefined]);
		expect(counts([young, again], holders)).toEqual([4, 0]);
	});

	test("to a version that handles other events deals lanes to the member that joined last", () => {
		const other = member("other", 3, { started: 1, cancelled: 1 });
		expect(settle([young, other], new Array(4).fill(undefined)).holders).toEqual(new Array(4).fill("other"));
	});

	test("back to fewer events deals lanes to the members that are left", () => {
		const back = member("back", 3, { started: 1 });
		expect(settle([back], new Array(4).fill("young")).holders).toEqual(new Array(4).fill("back"));
	});
});

test.each([
	[{ a: 1, b: 2 }, { a: 1 }, true],
	[{ a: 1 }, { a: 2 }, false],
	[{ a: 1 }, { a: 1, b: 1 }, false],
	[{ a: 1 }, JSON.parse('{ "__proto__": 1 }'), false],
])("%j covers %j: %s", (handles, other, does) => {
	expect(covers(member("a", 1, handles), member("b", 2, other))).toBe(does);
});
