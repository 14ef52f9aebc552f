/** A word as shells take it. */
export function shellWord(text: string): string {
	return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
