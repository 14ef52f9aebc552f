import { jsonCodec } from "../codec/json-codec.ts";
import type { Route } from "../contract/route.ts";
import type { RouteReply } from "./error-reply.ts";

/** Statuses that have no body. */
const bodiless = new Set([204, 205, 304]);

/**
 * Answers an output with the status and headers of the route and with the output as JSON.
 *
 * @throws ServiceError `internal` when the output cannot be written as JSON.
 */
export function routeReply({ status, headers }: Route, output: unknown): RouteReply {
	const filled: Record<string, string> = {};
	const names = Object.keys(headers);
	const json = names.length === 0 ? undefined : jsonOf(output);
	for (const name of names) {
		const value = fillHeader(headers[name] as string, json);
		if (value !== undefined) filled[name] = value;
	}
	if (bodiless.has(status)) return { status, headers: filled, body: "" };
	filled["content-type"] = "application/json";
	return { status, headers: filled, body: jsonCodec.encode(output) };
}

/** The output in its JSON form: an object may define that itself. */
function jsonOf(output: unknown): unknown {
	const decodes = typeof output === "object" && output !== null && "toJSON" in output;
	return decodes && typeof output.toJSON === "function" ? output.toJSON() : output;
}

/** The properties of the output that a header names. */
export function headerPlaceholders(template: string): string[] {
	return [...template.matchAll(placeholder)].map(([, name = ""]) => name);
}

const placeholder = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A header with properties of the output, percent-encoded; undefined when the output lacks one. */
function fillHeader(template: string, output: unknown): string | undefined {
	let complete = true;
	const value = template.replace(placeholder, (_, name: string) => {
		const property = ownProperty(output, name);
		if (typeof property === "string" || typeof property === "number" || typeof property === "boolean")
			return encodeURIComponent(String(property).toWellFormed());
		complete = false;
		return "";
	});
	return complete ? value : undefined;
}

function ownProperty(value: unknown, name: string): unknown {
	if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
	return (value as Record<string, unknown>)[name];
}
