/** The middle of some figures; the mean of the two middle ones where their number is even; NaN of none. */
export function median(figures: readonly number[]): number {
	const sorted = [...figures].sort((one, other) => one - other);
	const middle = sorted.length >> 1;
	if (sorted.length === 0) return Number.NaN;
	if (sorted.length % 2 === 1) return sorted[middle] as number;
	return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The figure below which such a share of sorted figures lies; NaN of none. */
export function percentile(sorted: readonly number[], share: number): number {
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Median and range over the rounds. */
export interface Spread {
	readonly median: number;
	readonly minimum: number;
	readonly maximum: number;
}

export function spread(figures: readonly number[]): Spread {
	return { median: median(figures), minimum: Math.min(...figures), maximum: Math.max(...figures) };
}
