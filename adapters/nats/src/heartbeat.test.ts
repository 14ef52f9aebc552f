import { describe, expect, test } from "vitest";
import { heartbeatText, parseHeartbeat, recordVersion } from "./heartbeat.ts";

describe("a heartbeat", () => {
	test("is a few bytes, and comes back as it was sent", () => {
		const heartbeat = { ttlMs: 5_000, version: recordVersion('{"id":"a"}') };
		const text = heartbeatText(heartbeat);
		expect(text.length).toBeLessThanOrEqual(20);
		expect(parseHeartbeat(text)).toEqual(heartbeat);
	});

	test.each([
		"",
		"5000",
		"5000 ",
		"x y",
		"99 abc",
		"600001 abc",
		"-5000 abc",
		"5000 a b",
		`5000 ${"x".repeat(33)}`,
	])("of another form is none: %j", (text) => {
		expect(parseHeartbeat(text)).toBeUndefined();
	});

	test("tells records apart", () => {
		expect(recordVersion("a")).not.toBe(recordVersion("b"));
	});
});
