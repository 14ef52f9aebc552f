import { describe, expect, test } from "vitest";
import { parseWrk } from "./wrk.ts";

describe("what wrk says", () => {
	test("is read from the line of the script", () => {
		const text =
			'Running 1s test\n  1 threads\n\nresult {"calls":10,"seconds":2,"p50us":3,"p99us":4,"errors":0}\n';
		expect(parseWrk(text)).toEqual({ calls: 10, seconds: 2, p50us: 3, p99us: 4 });
	});

	test("is an error when calls failed", () => {
		const text = 'result {"calls":10,"seconds":2,"p50us":3,"p99us":4,"errors":7}';
		expect(() => parseWrk(text)).toThrow("7 of 10 calls under wrk failed");
	});

	test("is shown when there is no result", () => {
		expect(() => parseWrk("unable to connect\n")).toThrow("wrk said unable to connect");
	});
});
