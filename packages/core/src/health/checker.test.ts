import { expect, test } from "vitest";
import { checker } from "./checker.ts";

const check = async () => {};

test("a checker is a value with all its options", () => {
	expect(checker("database", check, { everyMs: 10_000, critical: false })).toEqual({
		name: "database",
		check,
		options: { critical: false, inBand: false, everyMs: 10_000, timeoutMs: 2_000, failures: 3, successes: 2 },
	});
});

test("in band it answers within the second that an orchestrator waits, and each result counts", () => {
	const { options } = checker("disk", check, { inBand: true });
	expect(options).toMatchObject({ inBand: true, everyMs: 1_000, timeoutMs: 800, failures: 1, successes: 1 });
});

test("a name that is none is refused", () => {
	expect(() => checker("the database", check)).toThrow('not "the database"');
});

test.each([{ everyMs: 0 }, { timeoutMs: Number.NaN }, { failures: 0 }, { successes: 0.5 }])(
	"a number that cannot be is refused: %o",
	(options) => {
		expect(() => checker("database", check, options)).toThrow(RangeError);
	},
);
