import type { Method } from "../contract/method.ts";
import { type Issue, type Parsed, parse, type Schema } from "../contract/schema.ts";
import { isStream, messageSchema } from "../contract/stream.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Endpoint } from "./endpoint.ts";
import { mapStream } from "./map-stream.ts";

/**
 * Parses what goes into an endpoint and what comes out of it, each once. Invalid input is `invalid_argument`
 * with reason `invalid_input` and data `{ issues }`; invalid output is `internal`.
 */
export function validated(next: Endpoint, method: Method, output: boolean): Endpoint {
	return validateInput(output ? validateOutput(next, method) : next, method);
}

function validateInput(next: Endpoint, method: Method): Endpoint {
	const schema = messageSchema(method.input);
	// A missing input means `{}`, whatever was sent.
	if (schema === undefined) return (_, ctx) => next({}, ctx);
	const accept = (parsed: Parsed): unknown => {
		if (parsed.issues !== undefined) throw invalidInput(method, parsed.issues);
		return parsed.value;
	};
	const check = checker(schema, accept);
	if (isStream(method.input)) return (input, ctx) => next(mapStream(input, check), ctx);
	return (input, ctx) => {
		try {
			const value = check(input);
			return value instanceof Promise ? value.then((parsed) => next(parsed, ctx)) : next(value, ctx);
		} catch (error) {
			return Promise.reject(error);
		}
	};
}

function validateOutput(next: Endpoint, method: Method): Endpoint {
	const schema = messageSchema(method.output);
	if (schema === undefined) return (input, ctx) => next(input, ctx).then(() => ({}));
	const check = checker(schema, (parsed) => {
		if (parsed.issues !== undefined) throw invalidOutput(method, parsed.issues);
		return parsed.value;
	});
	if (isStream(method.output)) {
		return (input, ctx) => next(input, ctx).then((output) => mapStream(output, check));
	}
	return (input, ctx) => next(input, ctx).then(check);
}

/** Parses and unwraps; synchronous where the schema is. */
function checker(schema: Schema, unwrap: (parsed: Parsed) => unknown): (value: unknown) => unknown {
	return (value) => {
		const parsed = parse(schema, value);
		return parsed instanceof Promise ? parsed.then(unwrap) : unwrap(parsed);
	};
}

function invalidInput(method: Method, issues: readonly Issue[]): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "invalid_input",
		message: `invalid input for ${method.path}: ${summary(issues)}`,
		data: { issues },
	});
}

function invalidOutput(method: Method, issues: readonly Issue[]): Error {
	return new TypeError(`invalid output of ${method.path}: ${summary(issues)}`);
}

function summary(issues: readonly Issue[]): string {
	const shown = issues.slice(0, 3).map(({ path, message }) => {
		return path.length === 0 ? message : `${path.join(".")}: ${message}`;
	});
	return shown.join("; ") + (issues.length > 3 ? `; and ${issues.length - 3} more` : "");
}
