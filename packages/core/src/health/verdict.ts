/** How something stands after the results of its checks so far. */
export interface Verdict {
	/** Undefined until there is a result. */
	readonly ok: boolean | undefined;
	/** The latest results in a row that speak against it. */
	readonly contrary: number;
}

/** How many results in a row change a verdict. */
export interface Thresholds {
	readonly failures: number;
	readonly successes: number;
}

/** Nothing is known yet. */
export const noVerdict: Verdict = { ok: undefined, contrary: 0 };

/** The verdict after one more result. The first one decides at once. */
export function judge({ ok, contrary }: Verdict, passed: boolean, thresholds: Thresholds): Verdict {
	if (ok === undefined || passed === ok) return { ok: passed, contrary: 0 };
	const needed = ok ? thresholds.failures : thresholds.successes;
	return contrary + 1 >= needed ? { ok: passed, contrary: 0 } : { ok, contrary: contrary + 1 };
}
