import { expect, test } from "vitest";
import { inLane } from "./fixtures/in-lane.ts";
import { KnownEvents } from "./known-events.ts";

test.each([
	["matches.started", 1, "handled"],
	["matches.started", 2, "handled"],
	["matches.started", 3, "newer"],
	["matches.ended", 1, "unknown"],
	["matches.noted", 1, "ignored"],
	["matches.__proto__", 1, "unknown"],
	["constructor", 1, "unknown"],
])("an event of the type %s and version %d is %s", (type, version, acquaintance) => {
	const known = new KnownEvents({ started: 2 }, ["noted"]);
	expect(known.acquaintance(inLane(1, "key", { type, version }).event)).toBe(acquaintance);
});

test("what is known of an event does not depend on the one that was asked for before", () => {
	const known = new KnownEvents({ started: 2 }, ["noted"]);
	const of = (type: string, version: number) => known.acquaintance(inLane(1, "key", { type, version }).event);
	expect(of("matches.noted", 1)).toBe("ignored");
	expect(of("matches.started", 1)).toBe("handled");
	expect(of("matches.started", 3)).toBe("newer");
	expect(of("matches.started", 2)).toBe("handled");
	expect(of("matches.ended", 1)).toBe("unknown");
});
