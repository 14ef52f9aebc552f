import { beforeEach, expect, test } from "vitest";
import { Context } from "../../context/context.ts";
import { Lane } from "./lane.ts";
import { Troubles } from "./troubles.ts";
import { UnsavedLanes } from "./unsaved-lanes.ts";

const away = new Error("away");
const told = "what was handled cannot be saved: away";

let logged: string[];
let troubles: Troubles;
let unsaved: UnsavedLanes;

beforeEach(() => {
	logged = [];
	troubles = new Troubles({ log: (_, message) => void logged.push(message) }, {});
	unsaved = new UnsavedLanes(troubles);
});

const [one, two] = [laneOf(1), laneOf(2)];

function laneOf(lane: number): Lane {
	const state = { cursor: "", ahead: [], deferred: [], crashes: 0 };
	const options = {
		park: "key",
		deferredBound: 10,
		longestPauseMs: 1_000,
		crashed: false,
		ctx: Context.background(),
		changed: () => {},
	} as const;
	return new Lane({ lane, member: "m", epoch: 1, state }, options);
}

test("lanes that cannot be saved are one trouble, which ends with the last of them", () => {
	unsaved.failed(one, away);
	unsaved.failed(two, away);
	unsaved.failed(one, away);
	unsaved.saved(one);
	expect([logged, troubles.text]).toEqual([[told], told]);
	unsaved.saved(two);
	expect([logged, troubles.text]).toEqual([[told, `over: ${told}`], undefined]);
});

test("a lane that is given up is no trouble any more, and nobody says that the trouble is over", () => {
	unsaved.failed(one, away);
	unsaved.givenUp(one);
	expect([logged, troubles.text]).toEqual([[told], undefined]);
});
