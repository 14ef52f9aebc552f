import type { Coercion } from "./coercion.ts";

/** What a request brings. */
export interface RouteRequest {
	/** The parsed body; undefined when there is none. */
	readonly body?: unknown;
	/** The parameters of the query, decoded, in order. */
	readonly query?: Iterable<readonly [string, string]>;
	/** The parameters of the path, decoded. */
	readonly path?: ReadonlyMap<string, string>;
}

/**
 * The input that a request means: its body, over it the query, over both the path. Texts become what the JSON
 * Schema of the input asks for. A body that is no object stands alone, for validation to judge.
 *
 * Every member is an own property, whatever it is called.
 */
export function routeInput(coercion: Coercion, { body, query, path }: RouteRequest): unknown {
	if (body !== undefined && !isObject(body)) return body;
	const members = new Map<string, unknown>(body === undefined ? [] : Object.entries(body));
	for (const [name, texts] of grouped(query ?? [])) members.set(name, coercion.coerce(name, texts));
	for (const [name, text] of path ?? []) members.set(name, coercion.coerce(name, [text]));
	return Object.fromEntries(members);
}

function grouped(query: Iterable<readonly [string, string]>): Map<string, string[]> {
	const groups = new Map<string, string[]>();
	for (const [name, text] of query) {
		const texts = groups.get(name);
		if (texts === undefined) groups.set(name, [text]);
		else texts.push(text);
	}
	return groups;
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
