import { expect, test } from "vitest";
import type { EventRecord } from "./event-record.ts";
import { eventText } from "./event-text.ts";
import { placedText } from "./placed-text.ts";

const place = { lane: 3, cursor: "c", bytes: 17 };
const event: EventRecord = {
	id: "1",
	type: "matches.started",
	version: 1,
	source: "matches",
	time: "2026-11-26T03:00:00.000Z",
	data: { size: 19 },
	correlationId: "1",
};

test("the text of an event is that event in its place", () => {
	expect(placedText(eventText(event, 1_000), place)).toEqual({ ...place, event });
});

test("another text is a fault, with the text as data and an id of its place", () => {
	const placed = placedText("nonsense", place);
	expect(placed).toMatchObject({ ...place, fault: expect.stringContaining("not JSON") });
	expect(placed.event).toMatchObject({ id: "fault-3-c", data: "nonsense", type: "" });
});
