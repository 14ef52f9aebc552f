import type { Verb } from "../contract/route.ts";
import { parseTemplate, relate, type Segment, sharedPath } from "./path-template.ts";

/** The result of a search for a path. */
export interface RouterMatch<T> {
	readonly value: T;
	/** The parameters of the path, decoded. */
	readonly parameters: ReadonlyMap<string, string>;
}

/** A template in the router that conflicts with another one. */
export interface RouterConflict<T> {
	readonly value: T;
	/** The reason, as a sentence. */
	readonly message: string;
}

/** A template that is in the router. */
interface Entry<T> {
	/** How many were added before it. */
	readonly order: number;
	readonly verb: Verb;
	readonly path: string;
	readonly segments: readonly Segment[];
	/** The owner of the template, for messages. */
	readonly owner: string;
	readonly value: T;
}

/** A place in the tree of segments. */
class Branch<T> {
	readonly literals = new Map<string, Branch<T>>();
	parameter: Branch<T> | undefined;
	/** The entry that takes one or more segments from here on. */
	rest: Entry<T> | undefined;
	/** The entry that ends here. */
	end: Entry<T> | undefined;
}

/**
 * Finds the value for a verb and a path. The more specific template wins: `/matches/new` before `/matches/{id}`
 * before `/{rest+}`. Two templates that share paths are refused when neither is more specific than the other, so a
 * path never has two possible meanings.
 */
export class Router<T> {
	readonly #entries = new Set<Entry<T>>();
	#added = 0;
	readonly #roots = new Map<Verb, Branch<T>>();

	/**
	 * Adds a template.
	 *
	 * @param owner the owner, such as `matches/create`; named when another template conflicts with this one.
	 * @throws TypeError if the template is malformed, or makes an existing one ambiguous.
	 */
	add(verb: Verb, path: string, owner: string, value: T): void {
		const [conflict] = this.conflicts(verb, path, owner);
		if (conflict !== undefined) throw new TypeError(conflict.message);
		const entry: Entry<T> = {
			order: this.#added++,
			verb,
			path,
			segments: parseTemplate(path),
			owner,
			value,
		};
		this.#entries.add(entry);
		let root = this.#roots.get(verb);
		if (root === undefined) {
			root = new Branch();
			this.#roots.set(verb, root);
		}
		insert(root, entry);
	}

	/** Removes a template. Nothing happens when it is not there. */
	remove(verb: Verb, path: string): void {
		const root = this.#roots.get(verb);
		const entry = root && takeOut(root, parseTemplate(path), 0);
		if (entry !== undefined) this.#entries.delete(entry);
		if (root !== undefined && isEmpty(root)) this.#roots.delete(verb);
	}

	/**
	 * The templates with which another one would be ambiguous, in the order in which they were added. Empty if it can be
	 * added.
	 *
	 * @param owner the owner of the other template.
	 */
	conflicts(verb: Verb, path: string, owner: string): RouterConflict<T>[] {
		const root = this.#roots.get(verb);
		if (root === undefined) return [];
		const segments = parseTemplate(path);
		const found: Entry<T>[] = [];
		findConflicts(root, segments, 0, { more: false, less: false }, found);
		found.sort((one, other) => one.order - other.order);
		return found.map((entry) => {
			const both = `the routes ${verb} ${entry.path} (${entry.owner}) and ${verb} ${path} (${owner}) both match`;
			const message =
				relate(entry.segments, segments) === "same"
					? `${both} the same paths; change one of them`
					: `${both} ${sharedPath(entry.segments, segments)}, and neither is more specific; change one of them`;
			return { value: entry.value, message };
		});
	}

	/** The value for a path. HEAD finds what GET finds. */
	find(verb: string, path: string): RouterMatch<T> | undefined {
		const root = this.#roots.get((verb === "HEAD" ? "GET" : verb) as Verb);
		if (root === undefined || !path.startsWith("/")) return undefined;
		const values: string[] = [];
		const entry = path === "/" ? root.end : search(root, path, 1, values);
		if (entry === undefined) return undefined;
		return { value: entry.value, parameters: values.length === 0 ? noParameters : named(entry, values) };
	}

	/** The verbs that a path takes, for `Allow`; none when the path has no template. */
	verbs(path: string): string[] {
		const verbs: string[] = [...this.#roots.keys()].filter((verb) => this.find(verb, path) !== undefined);
		return verbs.flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb]));
	}

	/** All values, in the order in which they were added. */
	values(): T[] {
		return Array.from(this.#entries, ({ value }) => value);
	}
}

function insert<T>(root: Branch<T>, entry: Entry<T>): void {
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

/** Removes an entry below a branch, and the branches that become empty. */
function takeOut<T>(branch: Branch<T>, segments: readonly Segment[], index: number): Entry<T> | undefined {
	const segment = segments[index];
	if (segment === undefined) {
		const { end } = branch;
		branch.end = undefined;
		return end;
	}
	if (segment.kind === "rest") {
		const { rest } = branch;
		branch.rest = undefined;
		return rest;
	}
	const next = segment.kind === "literal" ? branch.literals.get(segment.text) : branch.parameter;
	if (next === undefined) return undefined;
	const entry = takeOut(next, segments, index + 1);
	if (!isEmpty(next)) return entry;
	if (segment.kind === "literal") branch.literals.delete(segment.text);
	else branch.parameter = undefined;
	return entry;
}

function isEmpty<T>({ literals, parameter, rest, end }: Branch<T>): boolean {
	return literals.size === 0 && parameter === undefined && rest === undefined && end === undefined;
}

/** Whether an entry was more specific than a template in some segment so far, and whether less; see {@link relate}. */
interface Specificity {
	readonly more: boolean;
	readonly less: boolean;
}

/**
 * Finds the entries below a branch that equal a template, or overlap with it. It visits only branches that share
 * paths with the template, each at most once, so a template costs the same however many templates begin differently.
 */
function findConflicts<T>(
	branch: Branch<T>,
	segments: readonly Segment[],
	index: number,
	so: Specificity,
	found: Entry<T>[],
): void {
	const segment = segments[index];
	if (segment === undefined) {
		if (branch.end !== undefined && so.more === so.less) found.push(branch.end);
		return;
	}
	if (branch.rest !== undefined) {
		const less = so.less || segment.kind !== "rest";
		if (so.more === less) found.push(branch.rest);
	}
	if (segment.kind === "rest") {
		// Everything below here is more specific than the rest, so it overlaps where it was less specific before.
		if (so.less) for (const next of nextOf(branch)) collect(next, found);
	} else if (segment.kind === "literal") {
		const literal = branch.literals.get(segment.text);
		if (literal !== undefined) findConflicts(literal, segments, index + 1, so, found);
		const { parameter } = branch;
		if (parameter !== undefined) findConflicts(parameter, segments, index + 1, { ...so, less: true }, found);
	} else {
		for (const literal of branch.literals.values()) {
			findConflicts(literal, segments, index + 1, { ...so, more: true }, found);
		}
		const { parameter } = branch;
		if (parameter !== undefined) findConflicts(parameter, segments, index + 1, so, found);
	}
}

/** Collects all entries below a branch. */
function collect<T>(branch: Branch<T>, found: Entry<T>[]): void {
	if (branch.end !== undefined) found.push(branch.end);
	if (branch.rest !== undefined) found.push(branch.rest);
	for (const next of nextOf(branch)) collect(next, found);
}

function nextOf<T>({ literals, parameter }: Branch<T>): Branch<T>[] {
	return parameter === undefined ? [...literals.values()] : [...literals.values(), parameter];
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
 * Searches the rest of a path below a branch, the most specific first, and leaves the values of parameters. It visits
 * each branch of the tree at most once, so the number of templates bounds its time, not the path.
 */
function search<T>(branch: Branch<T>, path: string, from: number, values: string[]): Entry<T> | undefined {
	const slash = path.indexOf("/", from);
	const text = decode(path.slice(from, slash < 0 ? path.length : slash));
	if (text === undefined || text === "" || climbs(text)) return undefined;
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
	if (rest === undefined || climbs(rest) || hasGap(rest)) return undefined;
	values.push(rest);
	return branch.rest;
}

/**
 * Whether a decoded part of a path has a segment `.` or `..`. A handler that used it as a file name would leave its
 * folder.
 */
function climbs(text: string): boolean {
	return text.includes(".") && /(?:^|[/\\])\.{1,2}(?:$|[/\\])/.test(text);
}

/** Whether a segment other than the last is empty, as in `/etc` or `a//b`. */
function hasGap(rest: string): boolean {
	return rest.startsWith("/") || rest.includes("//");
}

/** Continues the search behind a slash; without a slash the path ends here. */
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
