/** The content of a query under one name: texts, and the nodes within it by their keys in brackets. */
export interface QueryNode {
	readonly texts: string[];
	members: Map<string, QueryNode> | undefined;
}

/** How deep brackets may nest. A name that nests deeper is taken literally. */
const maxDepth = 8;

const bracketed = /^([^[\]]+)((?:\[[^[\]]*\])+)$/;

/** The keys of a name such as `filter[price][below]`; undefined for a name without brackets. */
export function bracketKeys(name: string): [base: string, keys: readonly string[]] | undefined {
	if (!name.endsWith("]")) return undefined;
	const [, base = "", brackets = ""] = bracketed.exec(name) ?? [];
	if (base === "") return undefined;
	const keys = brackets.slice(1, -1).split("][");
	return keys.length > maxDepth ? undefined : [base, keys];
}

/** Collects the parameters of a query by their names, in order. */
export class QueryTree {
	readonly members: Map<string, QueryNode> = new Map();

	/** @param keys the keys in brackets; none for a plain name. */
	add(name: string, keys: readonly string[], text: string): void {
		let node = childOf(this.members, name);
		for (const key of keys) {
			node.members ??= new Map();
			node = childOf(node.members, key);
		}
		node.texts.push(text);
	}
}

function childOf(members: Map<string, QueryNode>, name: string): QueryNode {
	let node = members.get(name);
	if (node === undefined) {
		node = { texts: [], members: undefined };
		members.set(name, node);
	}
	return node;
}
