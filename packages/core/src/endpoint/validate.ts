import { issuesText } from "../contract/issues-text.ts";
import type { Method } from "../contract/method.ts";
import { type Issue, type Parsed, parse } from "../contract/schema.ts";
import { isStream, messageSchema } from "../contract/stream.ts";
import { isAsyncIterable } from "../errors/mistake.ts";
import { ServiceError } from "../errors/service-error.ts";
import { answerCheck, noAnswer, noMessage } from "./answer.ts";
import type { Endpoint } from "./endpoint.ts";
import { mapStream } from "./map-stream.ts";

/** Options of {@link validated}. */
export interface ValidateOptions {
	/** Whether outputs are parsed. */
	readonly output: boolean;
	/** Called with the error that the endpoint throws, and throws it again. Used only if outputs are parsed. */
	readonly onThrown?: ((error: unknown) => never) | undefined;
}

/**
 * Parses what enters an endpoint and what leaves it, each once. Invalid input is `invalid_argument`
 * with reason `invalid_input` and data `{ issues }`; invalid output is an {@link InvalidOutput}.
 */
export function validated(next: Endpoint, method: Method, { output, onThrown }: ValidateOptions): Endpoint {
	return validateInput(output ? validateOutput(next, method, onThrown) : next, method);
}

/** The error of an output that its schema does not accept. */
export class InvalidOutput extends TypeError {
	override readonly name = "InvalidOutput";

	constructor(method: Method, issues: readonly Issue[]) {
		super(`invalid output of ${method.path}: ${issuesText(issues)}`);
		// The stack of the check says nothing about the code that made the output.
		this.stack = `${this.name}: ${this.message}`;
	}
}

function validateInput(next: Endpoint, method: Method): Endpoint {
	const schema = messageSchema(method.input);
	// A missing schema means the input `{}`, whatever was sent.
	if (schema === undefined) return (_, ctx) => next({}, ctx);
	if (isStream(method.input)) {
		const check = (value: unknown): unknown => unwrap(parse(schema, value), method, invalidInput);
		return (input, ctx) => next(mapStream(input, check), ctx);
	}
	return (input, ctx) => {
		try {
			const parsed = parse(schema, input);
			return parsed instanceof Promise
				? parsed.then((value) => next(accept(value, method, invalidInput), ctx))
				: next(accept(parsed, method, invalidInput), ctx);
		} catch (error) {
			return Promise.reject(error);
		}
	};
}

function validateOutput(next: Endpoint, method: Method, onThrown: ValidateOptions["onThrown"]): Endpoint {
	const schema = messageSchema(method.output);
	if (schema === undefined) return (input, ctx) => next(input, ctx).then(() => ({}), onThrown);
	const check = (value: unknown): unknown => unwrap(parse(schema, value), method, invalidOutput);
	if (isStream(method.output)) {
		const checkStream = answerCheck("the handler", method);
		const map = (output: unknown): unknown => mapStream(checkStream(output), check);
		return (input, ctx) => next(input, ctx).then(map, onThrown);
	}
	const checkAnswer = (value: unknown): unknown => unwrap(parse(schema, value), method, invalidAnswer, value);
	return (input, ctx) => next(input, ctx).then(checkAnswer, onThrown);
}

/** The value that a schema accepted; synchronous where the schema is. */
function unwrap(
	parsed: Parsed | Promise<Parsed>,
	method: Method,
	refusal: Refusal,
	value?: unknown,
): unknown {
	return parsed instanceof Promise
		? parsed.then((result) => accept(result, method, refusal, value))
		: accept(parsed, method, refusal, value);
}

/** Makes the error for a value that a schema does not accept. */
type Refusal = (method: Method, issues: readonly Issue[], value: unknown) => Error;

function accept(parsed: Parsed, method: Method, refusal: Refusal, value?: unknown): unknown {
	if (parsed.issues !== undefined) throw refusal(method, parsed.issues, value);
	return parsed.value;
}

function invalidInput(method: Method, issues: readonly Issue[]): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "invalid_input",
		message: `invalid input for ${method.path}: ${issuesText(issues)}`,
		data: { issues },
	});
}

function invalidOutput(method: Method, issues: readonly Issue[]): Error {
	return new InvalidOutput(method, issues);
}

/** The error for an answer that is not the one message that the schema accepts. */
function invalidAnswer(method: Method, issues: readonly Issue[], value: unknown): Error {
	// Most likely a `return` is missing.
	if (value === undefined) return noAnswer("the handler", method);
	return isAsyncIterable(value) ? noMessage("the handler", method) : invalidOutput(method, issues);
}
