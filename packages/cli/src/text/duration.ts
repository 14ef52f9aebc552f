const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The form that {@link parseDuration} reads, for messages. */
export const durationForm = "a number and a unit, such as 500ms, 2s, 1.5m, 1h or 2d";

/**
 * The milliseconds of `500ms`, `2s`, `1.5m`, `1h` or `2d`. Undefined for other texts, and for durations that are not above
 * zero.
 */
export function parseDuration(text: string): number | undefined {
	const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
	if (amount === undefined || unit === undefined) return undefined;
	const milliseconds = Number(amount) * (units[unit] ?? Number.NaN);
	return milliseconds > 0 ? milliseconds : undefined;
}

/** An age in its largest unit: `12s`, `5m`, `3h`, `9d`. */
export function formatAge(milliseconds: number): string {
	const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
	if (seconds < 60) return `${seconds}s`;
	if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
	if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
	return `${Math.floor(seconds / 86_400)}d`;
}
