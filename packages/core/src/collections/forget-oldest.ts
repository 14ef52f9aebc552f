/**
 * Deletes the first entry of a map or a set, which is the one that was added first. Where every use deletes an entry
 * and adds it again, that is the entry unused for longest.
 */
export function forgetOldest(entries: Map<unknown, unknown> | Set<unknown>): void {
	for (const key of entries.keys()) {
		entries.delete(key);
		return;
	}
}
