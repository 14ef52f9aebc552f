import { expect, test } from "vitest";
import { countText, latencyText, rateText, shareText } from "./figures.ts";

test.each([
	[0.000_4, "0.40 us"],
	[0.085_31, "85.3 us"],
	[0.999_4, "999 us"],
	[0.999_9, "1.00 ms"],
	[9.999, "10.0 ms"],
	[99.96, "100 ms"],
	[999.4, "999 ms"],
	[999.6, "1.00 s"],
	[12_345, "12.3 s"],
	[Number.NaN, "-"],
])("a latency of %d ms is shown as %s", (milliseconds, text) => {
	expect(latencyText(milliseconds)).toBe(text);
});

test("a share that is not nothing is not shown as nothing", () => {
	expect([shareText(0, 10), shareText(1, 1e6), shareText(1, 3), shareText(10, 10), shareText(0, 0)]).toEqual([
		"0%",
		"<0.01%",
		"33.3%",
		"100%",
		"0%",
	]);
});

test("counts and rates have commas", () => {
	expect([countText(1_234_567), rateText(12_345.6), rateText(99.974)]).toEqual([
		"1,234,567",
		"12,346/s",
		"99.97/s",
	]);
});
