/** The candidate that a mistyped word most likely stands for. Undefined if none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
	const typed = word.toLowerCase();
	let best: string | undefined;
	let bestDistance = Number.POSITIVE_INFINITY;
	for (const candidate of candidates) {
		const distance = closeness(typed, candidate.toLowerCase());
		if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
	}
	return bestDistance <= Math.max(1, Math.floor(word.length / 3)) ? best : undefined;
}

/** The edit distance; a prefix of at least two letters counts as close. */
function closeness(typed: string, candidate: string): number {
	if (typed.length >= 2 && candidate.startsWith(typed)) return 1;
	return editDistance(typed, candidate);
}

/** How many letters to add, drop, change or swap with a neighbour to turn one word into the other. */
export function editDistance(one: string, other: string): number {
	let beforeLast: number[] = [];
	let last = Array.from({ length: other.length + 1 }, (_, index) => index);
	for (let row = 1; row <= one.length; row++) {
		const current = [row];
		for (let column = 1; column <= other.length; column++) {
			const same = one[row - 1] === other[column - 1];
			const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
			current[column] = Math.min(
				at(last, column) + 1,
				at(current, column - 1) + 1,
				at(last, column - 1) + (same ? 0 : 1),
				swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
			);
		}
		[beforeLast, last] = [last, current];
	}
	return at(last, other.length);
}

function at(row: readonly number[], index: number): number {
	return row[index] ?? Number.POSITIVE_INFINITY;
}
