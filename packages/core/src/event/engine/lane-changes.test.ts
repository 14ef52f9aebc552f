import { expect, test } from "vitest";
import { LaneChanges } from "./lane-changes.ts";

const deferred = { id: "k:a", key: "a", cursor: "c1", attempt: 1, due: 5, since: 1 };

test("several changes of one thing are one change: the last", () => {
	const changes = new LaneChanges();
	changes.defer(deferred);
	changes.defer({ ...deferred, attempt: 2 });
	changes.delay({ cursor: "c2", due: 9 });
	changes.undelay("c2");
	changes.defer({ ...deferred, id: "e:c3" });
	changes.settle("e:c3");
	expect(changes.take().change("c4", ["c6"])).toEqual({
		cursor: "c4",
		ahead: ["c6"],
		defer: [{ ...deferred, attempt: 2 }],
		settle: ["e:c3"],
		undelay: ["c2"],
	});
	expect(changes.isEmpty).toBe(true);
});

test("changes that were not saved are put back, under those that came later", () => {
	const changes = new LaneChanges();
	changes.defer(deferred);
	changes.delay({ cursor: "c2", due: 9 });
	changes.trying({ cursor: "c1", crashes: 0 });
	changes.crashes(0);
	const taken = changes.take();
	changes.settle("k:a");
	changes.trying("none");
	changes.putBack(taken);
	expect(changes.take().change("c4", [])).toEqual({
		cursor: "c4",
		ahead: [],
		settle: ["k:a"],
		delay: [{ cursor: "c2", due: 9 }],
		crashes: 0,
		trying: "none",
	});
});
