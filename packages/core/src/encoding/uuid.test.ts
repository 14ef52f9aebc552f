import { describe, expect, test } from "vitest";
import { uuidv7, uuidv8 } from "./uuid.ts";

const digest = "0123456789abcdef0123456789abcdef";

describe("a UUID of version 7", () => {
	test("begins with the time", () => {
		const before = Date.now();
		const id = uuidv7();
		const time = Number.parseInt(id.slice(0, 13).replace("-", ""), 16);
		expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(time).toBeGreaterThanOrEqual(before);
		expect(time).toBeLessThanOrEqual(Date.now());
	});

	test("is another each time", () => {
		expect(new Set(Array.from({ length: 1000 }, uuidv7)).size).toBe(1000);
	});
});

describe("a UUID of version 8", () => {
	test("is the hash alone", () => {
		expect(uuidv8(digest)).toBe("456789ab-cdef-8012-a345-6789abcdef01");
	});

	test.each(["018f4e2a-1b2c-7def-8123-456789abcdef", "018f4e2a-1b2c-8def-8123-456789abcdef"])(
		"begins with the time of %s",
		(after) => {
			expect(uuidv8(digest, after)).toBe("018f4e2a-1b2c-8012-a345-6789abcdef01");
		},
	);

	test.each(["order-7", "018f4e2a-1b2c-4def-8123-456789abcdef", "018F4E2A-1B2C-7DEF-8123-456789ABCDEF"])(
		"takes no time from %s",
		(after) => {
			expect(uuidv8(digest, after)).toBe(uuidv8(digest));
		},
	);
});
