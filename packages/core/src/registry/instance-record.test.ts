import { expect, test } from "vitest";
import type { Instance } from "./instance.ts";
import { instanceRecord, parseInstanceRecord } from "./instance-record.ts";

const instance: Instance = {
	id: "1",
	app: "shop",
	namespace: "default",
	addresses: ["allium://10.0.0.1:4000"],
	services: [],
	labels: {},
	weight: 1,
	status: "up",
	startedAt: "2026-01-01T00:00:00Z",
};

test("a record that a process wrote of itself is read as it was", () => {
	expect(parseInstanceRecord(instanceRecord(instance).text)?.instance).toEqual(instance);
});

test("a record without a start is not one that a process wrote of itself", () => {
	expect(parseInstanceRecord(instanceRecord({ ...instance, startedAt: "" }).text)).toBeUndefined();
});

test.each(["", "{", "null", "[]", JSON.stringify({ ...instance, services: [{}] })])(
	"%j is no record",
	(text) => expect(parseInstanceRecord(text)).toBeUndefined(),
);
