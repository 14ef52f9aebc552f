/** How many instances are asked at once. */
const atOnce = 32;

/** New groups are begun for this time, in milliseconds. Each instance has two seconds to answer. */
const patienceMs = 7_000;

/** Asks instances in groups, as long as there is time. */
export async function inGroups<Item, Result>(
	items: readonly Item[],
	ask: (item: Item) => Promise<Result>,
): Promise<{ readonly results: readonly Result[]; readonly left: number }> {
	const end = performance.now() + patienceMs;
	const results: Result[] = [];
	while (results.length < items.length && performance.now() < end) {
		const group = items.slice(results.length, results.length + atOnce);
		results.push(...(await Promise.all(group.map(ask))));
	}
	return { results, left: items.length - results.length };
}
