const dayMs = 86_400_000;

/** A span of time for people to read: `6.2 days`, `90 s`. */
export function timeText(milliseconds: number): string {
	if (milliseconds >= dayMs) return `${Number((milliseconds / dayMs).toFixed(1))} days`;
	return `${Number((milliseconds / 1_000).toFixed(1))} s`;
}
