/** A value that nests deeper than this is not taken for data. */
const maxDepth = 64;

/**
 * A value as JSON with sorted members, the same for equal values; undefined where JSON would lose something:
 * dates, maps, bigints, cycles.
 */
export function stableJson(value: unknown, depth = 0): string | undefined {
	if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
	if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : undefined;
	if (typeof value !== "object" || depth > maxDepth) return undefined;
	const prototype: unknown = Object.getPrototypeOf(value);
	if (Array.isArray(value)) {
		const items = value.map((item) => stableJson(item, depth + 1));
		return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
	}
	if (prototype !== Object.prototype && prototype !== null) return undefined;
	const members: string[] = [];
	for (const [name, member] of Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))) {
		if (member === undefined) continue;
		const json = stableJson(member, depth + 1);
		if (json === undefined) return undefined;
		members.push(`${JSON.stringify(name)}:${json}`);
	}
	return `{${members.join(",")}}`;
}

/**
 * A value as text, for comparisons. Equal data has the same text. A value that JSON would change is written as JSON
 * writes it, and a value that JSON cannot write is the empty text.
 */
export function dataText(value: unknown): string {
	const text = stableJson(value);
	if (text !== undefined) return text;
	try {
		return JSON.stringify(value) ?? "";
	} catch {
		return "";
	}
}
