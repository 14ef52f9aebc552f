/** Compares two texts by their code points, as databases do that compare UTF-8 by its bytes. */
export function byCodePoints(one: string, other: string): number {
	const length = Math.min(one.length, other.length);
	for (let index = 0; index < length; index++) {
		const [left, right] = [one.charCodeAt(index), other.charCodeAt(index)];
		// Surrogates stand for code points behind all others.
		if (left !== right) return rank(left) - rank(right);
	}
	return one.length - other.length;
}

function rank(unit: number): number {
	return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
