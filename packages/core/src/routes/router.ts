import { parseTemplate, relate, type Segment, sharedPath } from "./path-template.ts";
import type { Verb } from "./route.ts";

/** What was found for a path. */
export interface RouterMatch<T> {
	readonly value: T;
	/** The parameters of the path, decoded. */
	readonly parameters: ReadonlyMap<string, string>;
}

/** A template that is in the router. */
interface Entry<T> {
	readonly verb: Verb;
	readonly path: string;
	readonly segments: readonly Segment[];
	/** Who has it, for people. */
	readonly owner: string;
	readonly value: T;
}

/** A place in the tree of segments. */
class Branch<T> {
	readonly literals = new Map<string, Branch<T>>();
	parameter: Branch<T> | undefined;
	/** What takes one segment or more from here on. */
	rest: Entry<T> | undefined;
	/** What ends here. */
	end: Entry<T> | undefined;
}

/**
 * Finds what belongs to a verb and a path. Specific beats general: `/matches/new` before `/matches/{id}` before
 * `/{rest+}`. Two templates of which neither is more specific than the other, but which share paths, are refused,
 * so there is never a question which one is meant.
 */
export class Router<T> {
	readonly #entries: Entry<T>[] = [];
	readonly #roots = new Map<Verb, Branch<T>>();

	/**
	 * Adds a template.
	 *
	 * @param owner who has it, such as `matches/create`; named when another is in its way.
	 * @throws TypeError when the template is malformed, or ambiguous beside one that is there.
	 */
	add(verb: Verb, path: string, owner: string, value: T): void {
		const conflict = this.conflict(verb, path, owner);
		if (conflict !== undefined) throw new TypeError(conflict);
		const entry: Entry<T> = { verb, path, segments: parseTemplate(path), owner, value };
		this.#entries.push(entry);
		let branch = this.#roots.get(verb);
		if (branch === undefined) {
			branch = new Branch();
			this.#roots.set(verb, branch);
		}
		this.#insert(branch, entry);
	}

	/** Why a template cannot be added, as a sentence; undefined when it can. */
	conflict(verb: Verb, path: string, owner: string): string | undefined {
		const segments = parseTemplate(path);
		for (const entry of this.#entries) {
			if (entry.verb !== verb) continue;
			const relation = relate(entry.segments, segments);
			if (relation !== "same" && relation !== "overlap") continue;
			const both = `the routes ${verb} ${entry.path} (${entry.owner}) and ${verb} ${path} (${owner}) both match`;
			return relation === "same"
				? `${both} the same paths; change one of them`
				: `${both} ${sharedPath(entry.segments, segments)}, and neither is more specific; change one of them`;
		}
		return undefined;
	}

	/** What belongs to a path; HEAD finds what GET does. */
	find(verb: string, path: string): RouterMatch<T> | undefined {
		const root = this.#roots.get((verb === "HEAD" ? "GET" : verb) as Verb);
		if (root === undefined || !path.startsWith("/")) return undefined;
		const values: string[] = [];
		const entry = path === "/" ? root.end : search(root, path, 1, values);
		if (entry === undefined) return undefined;
		return { value: entry.value, parameters: values.length === 0 ? noParameters : named(entry, values) };
	}

	/** The verbs that a path takes, for `Allow`; none when nothing is there. */
	verbs(path: string): string[] {
		const verbs: string[] = [...this.#roots.keys()].filter((verb) => this.find(verb, path) !== undefined);
		return verbs.flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb]));
	}

	/** All that is in it, in the order in which it was added. */
	values(): T[] {
		return this.#entries.map(({ value }) => value);
	}

	#insert(root: Branch<T>, entry: Entry<T>): void {
		let branch = root;
		for (const segment of entry.segments) {
			if (segment.kind === "rest") {
				branch.rest = entry;
				return;
			}
			branch = segment.kind === "literal" ? literalOf(branch, segment.text) : parameterOf(branch);
		}
		branch.end = entry;
	}
}

const noParameters: ReadonlyMap<string, string> = new Map();

function named<T>({ segments }: Entry<T>, values: readonly string[]): ReadonlyMap<string, string> {
	const parameters = new Map<string, string>();
	for (const segment of segments) {
		if (segment.kind !== "literal") parameters.set(segment.name, values[parameters.size] as string);
	}
	return parameters;
}

function literalOf<T>(branch: Branch<T>, text: string): Branch<T> {
	let next = branch.literals.get(text);
	if (next === undefined) {
		next = new Branch();
		branch.literals.set(text, next);
	}
	return next;
}

function parameterOf<T>(branch: Branch<T>): Branch<T> {
	branch.parameter ??= new Branch();
	return branch.parameter;
}

/**
 * Looks from a place on for the rest of a path, the most specific first, and leaves the values of parameters. It
 * visits each place of the tree at most once, so its time is bounded by the templates, not by the path.
 */
function search<T>(branch: Branch<T>, path: string, from: number, values: string[]): Entry<T> | undefined {
	const slash = path.indexOf("/", from);
	const text = decode(path.slice(from, slash < 0 ? path.length : slash));
	if (text === undefined || text === "") return undefined;
	const found = descend(branch.literals.get(text), path, slash, values);
	if (found !== undefined) return found;
	if (branch.parameter !== undefined) {
		values.push(text);
		const general = descend(branch.parameter, path, slash, values);
		if (general !== undefined) return general;
		values.pop();
	}
	if (branch.rest === undefined) return undefined;
	const rest = decode(path.slice(from));
	if (rest === undefined) return undefined;
	values.push(rest);
	return branch.rest;
}

/** Looks on behind a slash; without one the path ends here. */
function descend<T>(
	branch: Branch<T> | undefined,
	path: string,
	slash: number,
	values: string[],
): Entry<T> | undefined {
	if (branch === undefined) return undefined;
	return slash < 0 ? branch.end : search(branch, path, slash + 1, values);
}

/** The text of a part of a path; undefined when it is malformed. */
function decode(part: string): string | undefined {
	if (!part.includes("%")) return part;
	try {
		return decodeURIComponent(part);
	} catch {
		return undefined;
	}
}
