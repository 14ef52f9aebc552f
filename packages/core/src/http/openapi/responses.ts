import type { ErrorDescription, MethodDescription } from "../../contract/describe.ts";
import type { ErrorTemplate, Route } from "../../contract/route.ts";
import type { JsonSchema } from "../../contract/schema.ts";
import { codes } from "../../errors/code.ts";
import { exampleValue } from "../../reflection/example-value.ts";
import { defaultErrorType, errorBody, errorTemplate } from "../../routes/error-reply.ts";
import { httpStatus } from "../../routes/status.ts";
import { isJsonType } from "../../routes/template-body.ts";

/** A response as OpenAPI writes it. */
interface Response {
	description: string;
	headers?: Record<string, { schema: JsonSchema }>;
	content?: Record<string, MediaType>;
}

interface MediaType {
	schema?: JsonSchema;
	examples?: Record<string, { value: unknown }>;
}

/** Responses by status, and `default`. */
export type Responses = Record<string, Response>;

const code: JsonSchema = { enum: codes };
const text: JsonSchema = { type: "string" };

/** The schemas of the errors that have no template. */
export const errorSchemas: Readonly<Record<string, JsonSchema>> = {
	Error: {
		type: "object",
		description: "An error of a route.",
		properties: { code, message: text, reason: text, data: {} },
		required: ["code", "message"],
	},
	ConnectError: {
		type: "object",
		description: "An error of the Connect protocol.",
		properties: {
			code,
			message: text,
			details: {
				type: "array",
				items: {
					type: "object",
					properties: { type: text, value: { type: "string", contentEncoding: "base64" }, debug: {} },
					required: ["type", "value"],
				},
			},
		},
		required: ["code"],
	},
};

/** The runtime's own errors about input. */
const unparsable: ErrorDescription = { code: "invalid_argument", message: "The body is not JSON." };
const invalidInput: ErrorDescription = { code: "invalid_argument", message: "The input is not valid." };

/** The responses of `POST /{service}/{method}`. */
export function callResponses({ errors }: MethodDescription, output: JsonSchema): Responses {
	const responses: Responses = {
		200: { description: "The output.", content: { "application/json": { schema: output } } },
	};
	const content = { "application/json": { schema: { $ref: "#/components/schemas/ConnectError" } } };
	for (const [reason, error] of Object.entries({ invalid_input: invalidInput, ...errors })) {
		const status = httpStatus(error.code);
		const before = responses[status];
		if (before === undefined) responses[status] = { description: describeError(reason, error), content };
		else before.description += ` ${describeError(reason, error)}`;
	}
	responses.default = { description: "Any other error.", content };
	return responses;
}

/** The responses of an event stream. The status is always 200, because an error is the last event. */
export function eventResponses(output: JsonSchema): Responses {
	return {
		200: {
			description:
				"An event for each message, whose data is JSON; at last an event `end`, or `error` with the error as its data.",
			content: {
				"text/event-stream": {
					schema: { type: "string", contentMediaType: "application/json", contentSchema: output },
				},
			},
		},
	};
}

/** All responses of a route. */
export function routeResponses(
	route: Route,
	{ errors }: MethodDescription,
	output: JsonSchema,
	takes: { readonly input: boolean; readonly body: boolean },
): Responses {
	const responses: Responses = { [route.status]: outputResponse(route, output) };
	const all = {
		...(takes.body && { unparsable }),
		...(takes.input && { invalid_input: invalidInput }),
		...errors,
	};
	for (const [reason, error] of Object.entries(all)) addError(responses, route, reason, error);
	const other = errorTemplate(route.errors, undefined);
	responses.default = { description: "Any other error.", content: contentOf(other) };
	return responses;
}

function outputResponse({ status, headers }: Route, output: JsonSchema): Response {
	const names = Object.keys(headers);
	return {
		description: status === 204 ? "Done." : "The output.",
		...(names.length > 0 && { headers: Object.fromEntries(names.map((name) => [name, { schema: text }])) }),
		...(status !== 204 && status !== 205 && { content: { "application/json": { schema: output } } }),
	};
}

function addError(responses: Responses, route: Route, reason: string, error: ErrorDescription): void {
	const template = errorTemplate(route.errors, reason);
	const status = template?.status ?? httpStatus(error.code);
	const response = responses[status] ?? { description: "" };
	responses[status] = response;
	response.description = `${response.description} ${describeError(reason, error)}`.trim();
	response.content ??= {};
	for (const [type, media] of Object.entries(contentOf(template))) {
		const { examples, ...rest } = response.content[type] ?? media;
		const value = exampleOf(template, reason, error);
		response.content[type] = { ...rest, examples: { ...examples, [reason]: { value } } };
	}
}

function describeError(reason: string, { message }: ErrorDescription): string {
	if (message === undefined) return `\`${reason}\`.`;
	return `\`${reason}\`: ${message}${/[.!?]$/.test(message) ? "" : "."}`;
}

function contentOf(template: ErrorTemplate | undefined): Record<string, MediaType> {
	const { type = defaultErrorType, body } = template ?? {};
	if (body === undefined) return { [type]: { schema: { $ref: "#/components/schemas/Error" } } };
	return { [type]: isJsonType(type) ? {} : { schema: text } };
}

function exampleOf(template: ErrorTemplate | undefined, reason: string, error: ErrorDescription): unknown {
	const { code, message = reason } = error;
	const data = error.data === undefined ? undefined : exampleValue(error.data);
	const body = errorBody(template ?? {}, { code, reason, message, data });
	return isJsonType(template?.type ?? defaultErrorType) ? JSON.parse(body) : body;
}
