import type { AnyContract } from "../contract/contract.ts";
import type { ErrorTemplate, Route, Routes, Verb } from "../contract/route.ts";
import { isObject } from "../json/is-object.ts";
import { checkRoute } from "./check-route.ts";

/**
 * Reads the routes that a service publishes in its description, and checks them as `routes()` does.
 *
 * @param contract the contract that the routes are for.
 * @param described the value that came over the wire.
 * @throws TypeError when a route is malformed, or not for this contract.
 */
export function readRoutes(contract: AnyContract, described: unknown): Routes {
	const { name, methods } = contract["~allium"];
	if (!Array.isArray(described)) throw new TypeError(`the routes of "${name}" are no array`);
	const routes = described.map((value: unknown): Route => {
		if (!isRoute(value)) throw new TypeError(`a route of "${name}" is malformed: ${JSON.stringify(value)}`);
		const method = methods.find((candidate) => candidate.name === value.method);
		if (method === undefined)
			throw new TypeError(`the service "${name}" has no method "${value.method}" to route`);
		return checkRoute(method, value);
	});
	return { service: name, routes };
}

const verbs: readonly unknown[] = ["GET", "POST", "PUT", "PATCH", "DELETE"] satisfies Verb[];

function isRoute(value: unknown): value is Route {
	if (!isObject(value) || !isObject(value.headers) || !isObject(value.errors)) return false;
	const texts = [value.method, value.path, ...Object.values(value.headers)].every(isText);
	const numbers = typeof value.status === "number";
	return texts && numbers && verbs.includes(value.verb) && Object.values(value.errors).every(isErrorTemplate);
}

function isErrorTemplate(value: unknown): value is ErrorTemplate {
	if (!isObject(value)) return false;
	const { status, type, body } = value;
	const texts = [type, body].every((text) => text === undefined || isText(text));
	return texts && (status === undefined || typeof status === "number");
}

function isText(value: unknown): value is string {
	return typeof value === "string";
}
