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

test("so many failures in a row are needed before what was healthy is not", () => {
	expect(verdicts(true, false, false, false)).toEqual([true, true, true, false]);
});

test("so many successes in a row are needed before what was not healthy is", () => {
	expect(verdicts(false, true, true)).toEqual([false, false, true]);
});

test("what comes and goes changes nothing", () => {
	expect(verdicts(true, false, false, true, false, false, true)).not.toContain(false);
	expect(verdicts(false, true, false, true, false)).not.toContain(true);
});
