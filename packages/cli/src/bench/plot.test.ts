import { Histogram, type LoadWindow } from "@allium/load";
import { describe, expect, test } from "vitest";
import { glyphsFor, percentilePlot, timePlot } from "./plot.ts";

const ascii = glyphsFor({});
const unicode = glyphsFor({ LANG: "en_US.UTF-8" });

function window(p99: number): LoadWindow {
	return {
		isWarmup: false,
		endMs: 0,
		lengthMs: 1_000,
		succeeded: 1,
		failed: 0,
		p50: p99,
		p99,
		max: p99,
		inFlight: 0,
		behindMs: 0,
	};
}

describe("percentiles", () => {
	test("are bars on a logarithmic axis that begins and ends at powers of ten", () => {
		const latency = new Histogram();
		for (let call = 1; call <= 1_000; call++) latency.record(call === 1_000 ? 100 : 1);
		expect(percentilePlot(latency, 58, ascii)).toEqual([
			"p50     1.00 ms  #",
			"p75     1.00 ms  #",
			"p90     1.00 ms  #",
			"p99     1.00 ms  #",
			"p99.9   1.00 ms  #",
			"p99.99   100 ms  ########################################",
			"max      100 ms  ########################################",
			"                 '                   '                  '",
			"                 1 ms                10 ms         100 ms",
		]);
	});

	test("keep to the width", () => {
		const latency = new Histogram();
		for (const value of [0.003, 0.2, 5, 5_000]) latency.record(value);
		for (const glyphs of [ascii, unicode]) {
			for (const line of percentilePlot(latency, 80, glyphs)) expect(line.length).toBeLessThanOrEqual(80);
		}
	});

	test("of nothing are no plot", () => {
		expect(percentilePlot(new Histogram(), 80, ascii)).toEqual([]);
	});
});

describe("time", () => {
	test("goes from left to right, the highest p99 on top, a gap where nothing was answered", () => {
		expect(timePlot([1, 10, 100, Number.NaN, 1].map(window), 80, unicode)).toBe("▁▅█·▁");
		expect(timePlot([1, 10, 100, Number.NaN, 1].map(window), 80, ascii)).toBe("_=# _");
	});

	test("shows seconds that are alike as such", () => {
		expect(timePlot([1, 1.1, 1.15].map(window), 80, ascii)).toBe("___");
	});

	test("is drawn together where it is long: each letter is the worst of its seconds", () => {
		const seconds = Array.from({ length: 100 }, (_, index) => window(index === 57 ? 100 : 1));
		expect(timePlot(seconds, 10, ascii)).toBe("_____#____");
	});
});

test("blocks are for terminals that speak UTF-8", () => {
	expect(glyphsFor({ LC_ALL: "C", LANG: "en_US.UTF-8" })).toBe(ascii);
	expect(glyphsFor({ LC_CTYPE: "UTF-8" })).toBe(unicode);
	expect(glyphsFor({ LANG: "de_DE.utf8", TERM: "dumb" })).toBe(ascii);
});
