import { describe, expect, test } from "vitest";
import { addressOf, newInstanceSubject, requestsSubject, subjectOf } from "./transport-subjects.ts";

describe("the address of an instance", () => {
	test("is its subject, which is its own in the namespace", () => {
		const subject = newInstanceSubject("shop.eu");
		expect(subject).toMatch(/^allium-pipes\.shop=2Eeu\.[0-9a-f]{32}$/);
		expect(newInstanceSubject("shop.eu")).not.toBe(subject);
		expect(subjectOf(addressOf(subject))).toBe(subject);
	});

	test.each([
		"nats://",
		"nats://a",
		"nats://a.*",
		"nats://a.>",
		"nats://a.b c",
		"nats://u:p@a.b",
		"nats://a.b:4222",
		"http://a.b",
	])("is not %s", (address) => {
		expect(() => subjectOf(address)).toThrow("is no address over NATS");
	});
});

describe("the subject of plain requests", () => {
	test("names the namespace and the service, which may have dots", () => {
		expect(requestsSubject("default", "bank.accounts")).toBe("allium.default.bank.accounts.*");
		expect(requestsSubject("eu.west", "bank")).toBe("allium.eu=2Ewest.bank.*");
	});

	test("is apart from the subjects of heartbeats", () => {
		expect(requestsSubject("beat", "default.bank")).toBe("allium.=62eat.default.bank.*");
	});
});
