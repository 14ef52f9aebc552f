/** The middle figure, or the mean of the two middle ones if their number is even. NaN if there are none. */
export function median(figures: readonly number[]): number {
	const sorted = [...figures].sort((one, other) => one - other);
	const middle = sorted.length >> 1;
	if (sorted.length === 0) return Number.NaN;
	if (sorted.length % 2 === 1) return sorted[middle] as number;
	return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The figure below which the given share of the sorted figures lies. NaN if there are none. */
export function percentile(sorted: readonly number[], share: number): number {
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The median and the range over the rounds. */
export interface Spread {
	readonly median: number;
	readonly minimum: number;
	readonly maximum: number;
}

export function spread(figures: readonly number[]): Spread {
	return { median: median(figures), minimum: Math.min(...figures), maximum: Math.max(...figures) };
}
