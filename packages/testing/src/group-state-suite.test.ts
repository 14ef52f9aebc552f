import { MemoryGroups, memoryGroupState } from "@allium/core/log-broker";
import { describe, expect, test } from "vitest";
import { flawedGroupState, type GroupStateFlaw } from "./group-state/fixtures/flawed-group-state.ts";
import { GroupStateLab } from "./group-state/group-state-lab.ts";
import type { GroupStateSetup } from "./group-state/group-state-setup.ts";
import { groupStateCases, groupStateSuite } from "./group-state-suite.ts";
import { verdictOf } from "./suite/suite-case.ts";

async function memory(flaw?: GroupStateFlaw): Promise<GroupStateSetup> {
	const groups = new MemoryGroups();
	return {
		async open() {
			const state = memoryGroupState({ groups });
			return flaw === undefined ? state : flawedGroupState(state, flaw);
		},
		close: async () => {},
	};
}

groupStateSuite("memory", () => memory());

describe("the suite finds out a state of groups that", () => {
	test.each<[flaw: GroupStateFlaw, title: string]>([
		["no fencing", "a save under an old epoch is refused, and changes nothing"],
		["claims without comparing", "claims that race never share an epoch, and one of them takes the lane"],
		[
			"saves in parts",
			"a save that races with a claim is in the state that the claim finds whole, or refused whole",
		],
		[
			"forgets crashes",
			"a claim of a lane that another had not released counts a crash, again and again until a release",
		],
		[
			"overwrites edits",
			"an operator's change costs the holder nothing: its saves go on, and do not undo it",
		],
		["makes groups again", "of many who make a group at once, one makes it, at its places"],
		[
			"joins at the end",
			"of two members the one that joined later has the greater number, and joining again keeps it",
		],
		["pages by number", "a listing goes on where it was, though events before that place are gone"],
		[
			"sorts delayed events by place",
			"delayed events are told that are due before a time, the earliest first",
		],
		[
			"takes the name alone",
			"groups of one name on two topics, and of two names on one, have nothing in common",
		],
		[
			"moves what is held",
			"a group is put at other places only while no member holds a lane, and begins there with nothing",
		],
		["answers after it was closed", "a closed state refuses what is asked of it, and closes twice"],
	])("%s: %s", async (flaw, title) => {
		const parts = { lab: new GroupStateLab(2_000), cases: groupStateCases };
		expect(await verdictOf(title, parts, () => memory(flaw))).toBeInstanceOf(Error);
	});
});
