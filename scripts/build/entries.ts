/** An entry of a package, which others may import. */
export interface Entry {
	/** Its file in `dist`, without the extension. */
	readonly name: string;
	/** Its path, relative to the package's folder. */
	readonly source: string;
}

/** The entries that the `exports` of a package.json name, whatever their conditions. */
export function entries(exports: unknown): Entry[] {
	if (typeof exports !== "object" || exports === null) return [];
	const { "@allium/source": source, default: built, ...others } = exports as Record<string, unknown>;
	const deeper = Object.values(others).flatMap(entries);
	if (typeof source !== "string" || typeof built !== "string") return deeper;
	return [{ name: built.replace(/^\.\/dist\/|\.js$/g, ""), source }, ...deeper];
}
