import type { Coercion } from "./coercion.ts";

/** The parts of a request that make up an input. */
export interface RouteRequest {
	/** The parsed body; undefined when there is none. */
	readonly body?: unknown;
	/** The parameters of the query, decoded, in order. */
	readonly query?: Iterable<readonly [string, string]> | undefined;
	/** The parameters of the path, decoded. */
	readonly path?: ReadonlyMap<string, string>;
}

/**
 * The input of a request. Parameters of the query override members of the body, and parameters of the path override
 * both. Texts become what the JSON Schema of the input requires. A body that is not an object is the whole input, for
 * validation to judge.
 *
 * Every member is an own property, regardless of its name.
 */
export function routeInput(coercion: Coercion, { body, query, path }: RouteRequest): unknown {
	if (body !== undefined && !isObject(body)) return body;
	// A body that is the whole input needs no copy.
	if (query === undefined && (path === undefined || path.size === 0)) return body ?? {};
	const members: Record<string, unknown> = { ...body };
	if (query !== undefined) {
		for (const [name, value] of coercion.coerceQuery(query)) setOwn(members, name, value);
	}
	if (path !== undefined) {
		for (const [name, text] of path) setOwn(members, name, coercion.coercePath(name, text));
	}
	return members;
}

function setOwn(members: Record<string, unknown>, name: string, value: unknown): void {
	if (name !== "__proto__") members[name] = value;
	else Object.defineProperty(members, name, { value, configurable: true, enumerable: true, writable: true });
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
