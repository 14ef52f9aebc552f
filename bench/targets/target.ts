import type { Results } from "../results.ts";

/** The value that a figure of a run should have. */
export interface Target {
	readonly what: string;
	readonly unit: string;
	readonly bound: { readonly atLeast?: number; readonly atMost?: number };
	/** The figure. Undefined if the run did not measure it. */
	readonly value: (results: Results) => number | undefined;
}

/** A target and its result. */
export interface Judged {
	readonly target: Target;
	readonly value: number | undefined;
	readonly verdict: "met" | "missed" | "unmeasured";
}

/** Compares a run with the targets. */
export function judge(results: Results, all: readonly Target[]): Judged[] {
	return all.map((target) => {
		const value = target.value(results);
		if (value === undefined || Number.isNaN(value))
			return { target, value: undefined, verdict: "unmeasured" };
		const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target.bound;
		return { target, value, verdict: value >= atLeast && value <= atMost ? "met" : "missed" };
	});
}
