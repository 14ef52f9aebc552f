/**
 * The encoding that an `accept-encoding` prefers; undefined when it accepts none, or prefers the body as it is.
 *
 * @param offered the encodings to choose from. The first of two with the same weight is taken.
 */
export function preferredEncoding(accepted: string, offered: readonly string[]): string | undefined {
	const weights = weightsOf(accepted);
	const others = weights.get("*") ?? 0;
	let preferred: string | undefined;
	let most = weights.get("identity") ?? 0;
	for (const encoding of offered) {
		const weight = weights.get(encoding) ?? others;
		if (weight === 0 || weight < most || (weight === most && preferred !== undefined)) continue;
		preferred = encoding;
		most = weight;
	}
	return preferred;
}

/** The weight of each encoding, from 0 to 1, by its name. A malformed weight counts as 0. */
function weightsOf(accepted: string): ReadonlyMap<string, number> {
	const weights = new Map<string, number>();
	for (const part of accepted.toLowerCase().split(",")) {
		const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
		const weight = parameters.find((text) => text.startsWith("q="));
		weights.set(name === "x-gzip" ? "gzip" : name, weight === undefined ? 1 : weightOf(weight));
	}
	return weights;
}

function weightOf(text: string): number {
	return /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text.slice("q=".length)) : 0;
}
