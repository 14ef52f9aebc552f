/**
 * Deletes the first entry of a map, which is the one that was set first. Where every use deletes an entry and sets it
 * again, that is the entry unused for longest.
 */
export function forgetOldest(map: Map<unknown, unknown>): void {
	for (const key of map.keys()) {
		map.delete(key);
		return;
	}
}
