/** A part of a path template, between slashes. */
export type Segment =
	| { readonly kind: "literal"; readonly text: string }
	| { readonly kind: "parameter" | "rest"; readonly name: string };

/** The parameters that a template names: `"id"` of `"/matches/{id}"`. `never` where the text is not known. */
export type ParameterNames<Path extends string> = string extends Path
	? never
	: Path extends `${string}{${infer Name}}${infer Rest}`
		? (Name extends `${infer Plain}+` ? Plain : Name) | ParameterNames<Rest>
		: never;

const parameterPattern = /^\{([A-Za-z_][A-Za-z0-9_]*)(\+?)\}$/;
/** The characters that a path may contain literally. */
const literalPattern = /^[A-Za-z0-9._~!$&'()*,;=:@+-]+$/;

/**
 * Reads a path template such as `/matches/{id}` or `/files/{path+}`.
 *
 * @throws TypeError that states the fault.
 */
export function parseTemplate(path: string): readonly Segment[] {
	const quoted = JSON.stringify(path);
	if (!path.startsWith("/")) throw new TypeError(`the path ${quoted} must begin with a slash`);
	const segments =
		path === "/"
			? []
			: path
					.slice(1)
					.split("/")
					.map((text) => parseSegment(text, quoted));
	const names = segments.flatMap((segment) => (segment.kind === "literal" ? [] : [segment.name]));
	const twice = names.find((name, index) => names.indexOf(name) !== index);
	if (twice !== undefined) throw new TypeError(`the path ${quoted} has {${twice}} twice`);
	if (segments.slice(0, -1).some(({ kind }) => kind === "rest")) {
		throw new TypeError(`the path ${quoted} goes on after {…+}, which must be its last segment`);
	}
	return segments;
}

/** The names of a template's parameters, in order. */
export function parameterNames(path: string): string[] {
	return parseTemplate(path).flatMap((segment) => (segment.kind === "literal" ? [] : [segment.name]));
}

function parseSegment(text: string, path: string): Segment {
	const [, name, plus] = parameterPattern.exec(text) ?? [];
	if (name !== undefined) return { kind: plus === "+" ? "rest" : "parameter", name };
	const foreign = foreignParameter(text);
	if (foreign !== undefined) {
		throw new TypeError(
			`the path ${path} has the segment ${JSON.stringify(text)}; a parameter is written ${foreign}`,
		);
	}
	if (literalPattern.test(text) && text !== "." && text !== "..") return { kind: "literal", text };
	throw new TypeError(
		`the path ${path} has the segment ${JSON.stringify(text)}; a segment is plain text, {name}, or at last {name+}`,
	);
}

/**
 * The right form of a parameter in the notation of other frameworks: `:id`, `:id(\\d+)`, `*`, `*rest`, `[id]`,
 * `<id>`.
 */
function foreignParameter(text: string): string | undefined {
	if (/^\*+$/.test(text)) return "{rest+}, which is one segment or more";
	const [, name] =
		/^(?::|\*+|<|\[(?:\.{3})?|\{(?:\.{3}|\*)?)([A-Za-z_]\w*)[^\w{(]*(?:\(.*)?$/.exec(text) ?? [];
	if (name === undefined) return undefined;
	return /\*|\.{3}/.test(text) ? `{${name}+}` : `{${name}}`;
}

/**
 * How the sets of paths that two templates match relate: `more` specific than the other when all of its paths match
 * the other too, `less` in the reverse case, `overlap` when they share only some paths.
 */
export type Relation = "same" | "more" | "less" | "overlap" | "disjoint";

/** Compares the templates `one` and `other`. */
export function relate(one: readonly Segment[], other: readonly Segment[]): Relation {
	let more = false;
	let less = false;
	for (let index = 0; ; index++) {
		const [a, b] = [one[index], other[index]];
		if (a === undefined || b === undefined) {
			if (a !== b) return "disjoint";
			break;
		}
		if (a.kind === "rest" || b.kind === "rest") {
			more ||= a.kind !== "rest";
			less ||= b.kind !== "rest";
			break;
		}
		if (a.kind === "literal" && b.kind === "literal") {
			if (a.text !== b.text) return "disjoint";
		} else if (a.kind === "literal") more = true;
		else if (b.kind === "literal") less = true;
	}
	if (more) return less ? "overlap" : "more";
	return less ? "less" : "same";
}

/** A path that two overlapping templates both match. */
export function sharedPath(one: readonly Segment[], other: readonly Segment[]): string {
	const length = Math.max(one.length, other.length);
	const texts = Array.from({ length }, (_, index) => {
		const literal = [one[index], other[index]].find((segment) => segment?.kind === "literal");
		return literal?.kind === "literal" ? literal.text : "x";
	});
	return `/${texts.join("/")}`;
}
