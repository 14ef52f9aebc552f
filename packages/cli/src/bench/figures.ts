const counts = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const rates = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

/** `12,345` */
export function countText(count: number): string {
	return counts.format(count);
}

/** Calls a second: `1,234/s`, `99.97/s`. */
export function rateText(perSecond: number): string {
	return `${perSecond >= 1_000 ? counts.format(perSecond) : rates.format(perSecond)}/s`;
}

/** A share such as `0.12%`. A share above zero is never shown as zero. */
export function shareText(part: number, whole: number): string {
	if (part === 0 || whole === 0) return "0%";
	const percent = (part / whole) * 100;
	return percent < 0.01 ? "<0.01%" : `${Number(percent.toPrecision(3))}%`;
}

/** A latency with three digits in the unit that suits it: `85.3 us`, `2.10 ms`, `1.25 s`. `-` if there is none. */
export function latencyText(milliseconds: number): string {
	if (Number.isNaN(milliseconds)) return "-";
	// A value that would round to a thousand belongs to the next unit.
	if (milliseconds >= 999.5) return `${digits(milliseconds / 1_000)} s`;
	if (milliseconds >= 0.9995) return `${digits(milliseconds)} ms`;
	return `${digits(milliseconds * 1_000)} us`;
}

function digits(value: number): string {
	if (value >= 99.95) return value.toFixed(0);
	return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}
