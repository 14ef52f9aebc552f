import { expect, test } from "vitest";
import { expiry } from "./expiry.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const start = Date.parse("2026-01-01T00:00:00Z");

test.each([
	["valid for long", 365 * dayMs, 10 * dayMs, false, "is valid until 2027-01-01, for 355 days"],
	["in its last week", 365 * dayMs, 359 * dayMs, true, "is valid until 2027-01-01, for 6 days"],
	[
		"valid for a day in all, with hours left",
		dayMs,
		20 * hourMs,
		false,
		"is valid until 2026-01-02, for 4 hours",
	],
	["in the last tenth of its day", dayMs, 22 * hourMs, true, "is valid until 2026-01-02, for 2 hours"],
	["over", dayMs, 2 * dayMs, true, "has expired on 2026-01-02"],
	[
		"not begun",
		dayMs,
		-hourMs,
		true,
		"is not valid before 2026-01-01T00:00:00.000Z, by the clock of this machine",
	],
])("a certificate that is %s", (_, lifeMs, age, isDue, says) => {
	expect(expiry(start, start + lifeMs, start + age)).toEqual({ isDue, says });
});
