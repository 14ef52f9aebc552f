import type { Method } from "../contract/method.ts";
import type { ErrorTemplate, ErrorTemplates, Route, Verb } from "../contract/route.ts";
import { jsonSchema, type Schema } from "../contract/schema.ts";
import { messageSchema, type Side } from "../contract/stream.ts";
import { defaultErrorType, errorBody } from "./error-reply.ts";
import { headerPlaceholders } from "./output-reply.ts";
import { isOwnPath } from "./own-path.ts";
import { parameterNames } from "./path-template.ts";
import { partsOf, propertySchemas } from "./schema-parts.ts";
import { dataMembers, isJsonType } from "./template-body.ts";

/** Headers that a route must not set. */
const forbidden = new Set([
	"connection",
	"content-encoding",
	"content-length",
	"content-type",
	"date",
	"keep-alive",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
]);

const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const headerText = /^[\x20-\x7e]*$/;

/**
 * Checks one route of a method, and freezes it.
 *
 * @throws TypeError that states the fault.
 */
export function checkRoute(method: Method, route: Route): Route {
	const { verb, path, status, headers, errors } = route;
	const what = `the route ${verb} ${path} of ${method.path}`;
	checkMethod(what, method, verb);
	checkReserved(what, path);
	checkProperties(what, "input", method.input, parameterNames(path));
	checkErrorTemplates(what, method, errors);
	checkProperties(what, "output", method.output, checkReply(what, status, headers));
	return Object.freeze(route);
}

/** Refuses a status or headers that no reply can have. Returns the properties of the output that headers name. */
function checkReply(what: string, status: number, headers: Readonly<Record<string, string>>): string[] {
	if (!Number.isInteger(status) || status < 200 || status > 399) {
		throw new TypeError(`${what} has the status ${status}; the status of a reply is 200 to 399`);
	}
	for (const [name, value] of Object.entries(headers)) {
		if (!headerName.test(name) || !headerText.test(value)) {
			throw new TypeError(
				`${what} has a header that HTTP cannot carry: ${JSON.stringify(`${name}: ${value}`)}`,
			);
		}
		if (forbidden.has(name)) throw new TypeError(`${what} sets ${name}, which is the server's to set`);
	}
	return Object.values(headers).flatMap(headerPlaceholders);
}

/** Refuses error templates that could not be sent, whose JSON is malformed, or that name data that does not exist. */
function checkErrorTemplates(what: string, method: Method, templates: ErrorTemplates): void {
	for (const [reason, template] of Object.entries(templates)) {
		const where = `the error template "${reason}" of ${what}`;
		checkErrorTemplate(where, template);
		const declared = method.errors[reason];
		if (declared === undefined || template.body === undefined) continue;
		const members = dataMembers(template.body).map((name) => ({ name, shown: `data.${name}` }));
		checkMembers(where, `data of ${reason}`, declared.data, "input", members);
	}
}

function checkErrorTemplate(where: string, template: ErrorTemplate): void {
	const { status = 400, type = defaultErrorType } = template;
	if (!Number.isInteger(status) || status < 400 || status > 599) {
		throw new TypeError(`${where} has the status ${status}; the status of an error is 400 to 599`);
	}
	if (!/^[a-z]+\/[^\s;]+/i.test(type) || !headerText.test(type)) {
		throw new TypeError(`${where} has the type ${JSON.stringify(type)}, which is no content type`);
	}
	if (!isJsonType(type)) {
		if (template.body === undefined) throw new TypeError(`${where} has the type ${type}, but no body`);
		return;
	}
	try {
		JSON.parse(
			errorBody(template, { code: "unknown", reason: "reason", message: 'a "message"', data: null }),
		);
	} catch {
		throw new TypeError(
			`${where} is not JSON, which is its type; placeholders stand inside strings or in place of a value: {"error":"{message}","data":{data}}`,
		);
	}
}

function checkMethod(what: string, { kind, effect }: Method, verb: Verb): void {
	if (kind !== "unary") {
		throw new TypeError(`${what} is for a stream (${kind}); REST routes are for unary methods`);
	}
	if (verb === "GET" && effect !== "read") {
		throw new TypeError(`${what} would change things on GET; declare effect: "read", or use post()`);
	}
}

/** Refuses the paths that the server itself answers. */
function checkReserved(what: string, path: string): void {
	if (!isOwnPath(path)) return;
	throw new TypeError(`${what} takes a path of the server itself (/-/…, /healthz, /readyz, /metrics)`);
}

/** Refuses names that a side certainly lacks, as far as its schema shows. */
function checkProperties(
	what: string,
	direction: "input" | "output",
	side: Side | undefined,
	names: readonly string[],
): void {
	const members = names.map((name) => ({ name, shown: name }));
	checkMembers(what, direction, messageSchema(side), direction, members);
}

/** Refuses members that a schema certainly lacks. A missing schema has none. */
function checkMembers(
	what: string,
	whole: string,
	schema: Schema | undefined,
	direction: "input" | "output",
	members: readonly { readonly name: string; readonly shown: string }[],
): void {
	const described = schema === undefined ? { type: "object", properties: {} } : jsonSchema(schema, direction);
	if (described === undefined || !isClosed(described)) return;
	const properties = propertySchemas(partsOf(described, described));
	const missing = members.find(({ name }) => !properties.has(name));
	if (missing === undefined) return;
	const known = [...properties.keys()];
	throw new TypeError(
		`${what} names {${missing.shown}}, which is no property of the ${whole}; ${known.length === 0 ? "it has none" : `there are ${known.join(", ")}`}`,
	);
}

/** Whether a schema lists all properties that a value may have. */
function isClosed(schema: Readonly<Record<string, unknown>>): boolean {
	const open = ["anyOf", "oneOf", "allOf", "$ref", "patternProperties"].some((key) => key in schema);
	const { type, properties, additionalProperties = false } = schema;
	return type === "object" && properties !== undefined && additionalProperties === false && !open;
}
