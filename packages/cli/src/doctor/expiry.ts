const dayMs = 86_400_000;

/** A certificate is due within this time before its end, in milliseconds. A short-lived one is due later. */
const latestMs = 7 * dayMs;

/** The expiry of a certificate. */
export interface Expiry {
	/** Whether it has to be replaced now. */
	readonly isDue: boolean;
	/** A text for people that follows the name of the certificate. */
	readonly says: string;
}

/** Tells when a certificate expires, and whether that is soon: within a tenth of its life, and at most a week. */
export function expiry(validFrom: number, validTo: number, now: number): Expiry {
	const day = new Date(validTo).toISOString().slice(0, 10);
	if (now > validTo) return { isDue: true, says: `has expired on ${day}` };
	if (now < validFrom) {
		const from = new Date(validFrom).toISOString();
		return { isDue: true, says: `is not valid before ${from}, by the clock of this machine` };
	}
	const leftMs = validTo - now;
	const isDue = leftMs < Math.min(latestMs, (validTo - validFrom) / 10);
	const left =
		leftMs < 2 * dayMs ? `${Math.floor(leftMs / 3_600_000)} hours` : `${Math.floor(leftMs / dayMs)} days`;
	return { isDue, says: `is valid until ${day}, for ${left}` };
}
