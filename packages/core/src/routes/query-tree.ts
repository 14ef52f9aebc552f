/** What a query says of one name: texts, and by keys in brackets what lies within it. */
export interface QueryNode {
	readonly texts: string[];
	members: Map<string, QueryNode> | undefined;
}

/** How deep brackets may go; a name that goes deeper is taken as it is. */
const maxDepth = 8;

const bracketed = /^([^[\]]+)((?:\[[^[\]]*\])+)$/;

/** The keys of a name such as `filter[price][below]`; undefined when it is only a name. */
export function bracketKeys(name: string): [base: string, keys: readonly string[]] | undefined {
	if (!name.endsWith("]")) return undefined;
	const [, base = "", brackets = ""] = bracketed.exec(name) ?? [];
	if (base === "") return undefined;
	const keys = brackets.slice(1, -1).split("][");
	return keys.length > maxDepth ? undefined : [base, keys];
}

/** Gathers the parameters of a query by their names, in order. */
export class QueryTree {
	readonly members: Map<string, QueryNode> = new Map();

	/** @param keys those in brackets; none for a plain name. */
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
