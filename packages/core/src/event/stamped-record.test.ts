import { expect, test, vi } from "vitest";
import { StampedRecord } from "./stamped-record.ts";

const stamp = { id: "1", type: "a.b", version: 1, source: "app", time: "", data: {}, correlationId: "1" };

test("the text of an event that was stamped here is made once", () => {
	const make = vi.fn(() => "text");
	const record = new StampedRecord(stamp);
	expect([StampedRecord.text(record, make), StampedRecord.text(record, make)]).toEqual(["text", "text"]);
	expect(make).toHaveBeenCalledOnce();
});

test("a copy that differs does not have the text of the original", () => {
	const record = new StampedRecord(stamp);
	StampedRecord.text(record, ({ source }) => source);
	expect(StampedRecord.text({ ...record, source: "other" }, ({ source }) => source)).toBe("other");
});

test("what an event does not have is no property of it", () => {
	expect(Object.keys(new StampedRecord(stamp))).toEqual(Object.keys(stamp));
});
