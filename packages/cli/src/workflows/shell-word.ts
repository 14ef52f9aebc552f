/** A word quoted for shells. */
export function shellWord(text: string): string {
	return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
