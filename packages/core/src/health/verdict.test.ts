import { expect, test } from "vitest";
import { judge, noVerdict } from "./verdict.ts";

/** The verdicts after each of these results. Three failures or two successes in a row change a verdict. */
function verdicts(...results: boolean[]) {
	let verdict = noVerdict;
	return results.map((passed) => {
		verdict = judge(verdict, passed, { failures: 3, successes: 2 });
		return verdict.ok;
	});
}

test("the first result decides at once", () => {
	expect(verdicts(true)).toEqual([true]);
	expect(verdicts(false)).toEqual([false]);
});

test("a healthy check fails only after the given number of failures in a row", () => {
	expect(verdicts(true, false, false, false)).toEqual([true, true, true, false]);
});

test("a failed check is healthy only after the given number of successes in a row", () => {
	expect(verdicts(false, true, true)).toEqual([false, false, true]);
});

test("what comes and goes changes nothing", () => {
	expect(verdicts(true, false, false, true, false, false, true)).not.toContain(false);
	expect(verdicts(false, true, false, true, false)).not.toContain(true);
});
