/** The success rate below which an instance is an outlier among these; -Infinity when there are too few. */
export function unusualRate(
	rates: readonly (number | undefined)[],
	{ minimumInstances, deviations }: { readonly minimumInstances: number; readonly deviations: number },
): number {
	const known = rates.filter((rate) => rate !== undefined);
	if (known.length < minimumInstances) return Number.NEGATIVE_INFINITY;
	const mean = known.reduce((sum, rate) => sum + rate, 0) / known.length;
	const variance = known.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / known.length;
	return mean - deviations * Math.sqrt(variance);
}
