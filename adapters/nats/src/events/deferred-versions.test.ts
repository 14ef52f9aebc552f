import type { Deferred } from "@allium/core/event";
import { describe, expect, test } from "vitest";
import { claimedLane } from "./claimed-lane.ts";
import { deferredVersions } from "./deferred-versions.ts";
import { NamespaceKeys } from "./group-keys.ts";
import type { Entry } from "./group-storage.ts";
import { type LaneRecord, newLane } from "./lane-record.ts";

const keys = new NamespaceKeys("default").group({ topic: "orders", group: "mails" });
const lane: LaneRecord = { ...newLane("", 10), epoch: 20, save: 3 };

/** A deferred event as the save of an epoch wrote it. */
function entry(id: string, epoch: number, save: number, attempt = 1): Entry {
	const deferred: Deferred = { id, cursor: "c", attempt, due: 0, since: 0 };
	return {
		key: keys.deferred(0, 10, deferred, { epoch, save }),
		text: JSON.stringify(deferred),
		revision: 1,
	};
}

function attemptsOf(entries: readonly Entry[], record = lane): Record<string, number> {
	const { current } = deferredVersions(entries, record);
	return Object.fromEntries(Array.from(current, ([id, { deferred }]) => [id, deferred.attempt]));
}

describe("a deferred event counts", () => {
	test("from then on when the save that wrote it has succeeded", () => {
		expect(attemptsOf([entry("a", 20, 3), entry("b", 20, 4)])).toEqual({ a: 1 });
	});

	test("in its latest version, while a later one is only about to be saved", () => {
		const entries = [entry("a", 20, 1, 1), entry("a", 20, 3, 2), entry("a", 20, 4, 3)];
		expect(attemptsOf(entries)).toEqual({ a: 2 });
		expect(deferredVersions(entries, lane).rest).toEqual([entries[0]?.key, entries[2]?.key]);
	});

	test("no longer when its key was dropped", () => {
		const handled = entry("a", 20, 1);
		expect(attemptsOf([handled], { ...lane, dropped: [handled.key] })).toEqual({});
	});

	test("under later claims, too, but not what its holder wrote after it had lost the lane", () => {
		const [kept, late] = [entry("a", 20, 3), entry("b", 20, 4)];
		const next = claimedLane(lane, "other", 30, deferredVersions([kept], lane));
		expect(attemptsOf([kept, late], next)).toEqual({ a: 1 });
		const afterNext = claimedLane(next, "third", 40, deferredVersions([kept, late], next));
		expect(attemptsOf([kept, late, entry("c", 5, 1)], afterNext)).toEqual({ a: 1 });
	});

	test("and claims do not let the record of its lane grow for ever", () => {
		const kept = entry("a", 20, 3);
		let record = lane;
		for (let epoch = 30; epoch < 1_000; epoch++) {
			record = claimedLane(record, "m", epoch, deferredVersions([kept], record));
		}
		expect(attemptsOf([kept], record)).toEqual({ a: 1 });
		expect(Object.keys(record.past).length).toBeLessThan(20);
	});
});
