import { invalidUrl } from "@allium/core/adapter";

/** The name of the bucket on the server, as an option or a query parameter. */
export function bucketName(given: string | undefined): string {
	const bucket = given ?? "allium";
	if (/^[A-Za-z0-9_-]{1,64}$/.test(bucket)) return bucket;
	throw invalidUrl(
		`bucket takes at most 64 letters, digits, "-" and "_"; it was given ${JSON.stringify(bucket)}`,
	);
}

/** One of some words, as an option or a query parameter. The first word is the default. */
export function oneOf<const Word extends string>(
	name: string,
	given: string | undefined,
	words: readonly [Word, Word],
): Word {
	if (given === undefined) return words[0];
	const found = words.find((word) => word === given);
	if (found !== undefined) return found;
	throw invalidUrl(`${name} takes ${words.join(" or ")}; it was given ${JSON.stringify(given)}`);
}

/** A whole number, as an option or a query parameter. */
export function wholeNumber(name: string, given: number | string, least: number, most: number): number {
	const value = Number(given);
	if (Number.isInteger(value) && value >= least && value <= most) return value;
	throw invalidUrl(
		`${name} takes a whole number from ${least} to ${most}; it was given ${JSON.stringify(given)}`,
	);
}
