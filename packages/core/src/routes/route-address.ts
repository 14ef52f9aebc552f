import type { Route } from "../contract/route.ts";
import { ServiceError } from "../errors/service-error.ts";
import { isObject } from "../json/is-object.ts";
import { parseTemplate, type Segment } from "./path-template.ts";

/** A request by a route: the reverse of `routeInput`. */
export interface RouteAddress {
	/** The path and the query, such as `/items/1?limit=5`. */
	readonly target: string;
	/** The members of the input that the path does not have, as JSON; undefined for verbs whose query has them. */
	readonly body: string | undefined;
}

/**
 * How an input is sent by a route. The path takes its parameters from the input. The other properties go into the query
 * for GET and DELETE, and into the body for other verbs.
 *
 * @param input JSON.
 * @throws ServiceError `invalid_argument` when the input lacks a parameter of the path, or has one that leads elsewhere.
 */
export function routeAddress({ verb, path }: Route, input: unknown): RouteAddress {
	const rest = new Map(Object.entries(isObject(input) ? input : {}));
	const segments = parseTemplate(path).map((segment) => {
		if (segment.kind === "literal") return segment.text;
		const text = pathText(segment, rest.get(segment.name), path);
		rest.delete(segment.name);
		return text;
	});
	const filled = `/${segments.join("/")}`;
	if (verb === "GET" || verb === "DELETE") {
		const query = new URLSearchParams(Array.from(rest, queryPairs).flat()).toString();
		return { target: query === "" ? filled : `${filled}?${query}`, body: undefined };
	}
	return { target: filled, body: JSON.stringify(isObject(input) ? Object.fromEntries(rest) : input) };
}

function pathText(segment: Exclude<Segment, { kind: "literal" }>, value: unknown, path: string): string {
	const text = Array.isArray(value) ? value.join(",") : String(value ?? "");
	const parts = segment.kind === "rest" ? text.split("/") : [text];
	// These would lead to another path.
	if (parts.some((part) => part === "" || part === "." || part === "..")) {
		throw new ServiceError({
			code: "invalid_argument",
			message: `${segment.name} is ${JSON.stringify(value)}, which the path ${path} cannot carry`,
		});
	}
	return parts.map((part) => encodeURIComponent(part)).join("/");
}

function queryPairs([name, value]: [string, unknown]): [string, string][] {
	if (value === undefined) return [];
	if (!Array.isArray(value)) return [[name, queryText(value)]];
	return value.map((item) => [name, queryText(item)]);
}

function queryText(value: unknown): string {
	return typeof value === "string" ? value : JSON.stringify(value);
}
