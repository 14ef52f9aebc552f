/**
 * Deletes the first entry of a map: the one that was set first. Where an entry is deleted and set again when it is
 * used, that is the one unused for longest.
 */
export function forgetOldest(map: Map<unknown, unknown>): void {
	for (const key of map.keys()) {
		map.delete(key);
		return;
	}
}
