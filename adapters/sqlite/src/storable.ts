/**
 * A text as SQLite can keep it apart from all others. SQLite stores UTF-8, which has no single surrogates: without this,
 * two texts that differ in one would be the same.
 */
export function storable(text: string): string {
	return text.isWellFormed() ? text : JSON.stringify(text);
}
