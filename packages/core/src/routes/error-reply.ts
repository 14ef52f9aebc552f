import type { ErrorTemplate, ErrorTemplates } from "../contract/route.ts";
import { jsonOf } from "../errors/details.ts";
import type { ServiceError } from "../errors/service-error.ts";
import { httpStatus } from "./status.ts";
import { type ErrorFacts, fillBody } from "./template-body.ts";

/** The answer to a request, without the headers that depend on the request. */
export interface RouteReply {
	readonly status: number;
	/** The headers by name in lower case, with `content-type` when there is a body. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

/** The content type of errors whose template states none. */
export const defaultErrorType = "application/json";

/** Stands for all reasons that have no template of their own. */
export const otherErrors = "*";

/** The template of an error: that of its reason, or else `*`. */
export function errorTemplate(
	templates: ErrorTemplates,
	reason: string | undefined,
): ErrorTemplate | undefined {
	if (reason !== undefined && Object.hasOwn(templates, reason)) return templates[reason];
	return Object.hasOwn(templates, otherErrors) ? templates[otherErrors] : undefined;
}

/**
 * Answers an error by its template. Without one, the body is JSON with code, message, reason and data.
 *
 * @param status the status that HTTP itself requires, such as 415; a template of that very reason may change it.
 */
export function routeErrorReply(templates: ErrorTemplates, error: ServiceError, status?: number): RouteReply {
	const found = errorTemplate(templates, error.reason);
	const template = found ?? {};
	const own = error.reason !== undefined && Object.hasOwn(templates, error.reason);
	const usual = template.status ?? httpStatus(error.code);
	return {
		status: own ? (template.status ?? status ?? usual) : (status ?? usual),
		headers: {
			"content-type": template.type ?? defaultErrorType,
			// A browser that took plain text for a page would run the scripts that the text quotes.
			...(found !== undefined && { "x-content-type-options": "nosniff" }),
		},
		body: errorBody(template, error),
	};
}

/** The body of an error from its template. Without one, it is JSON with code, message, reason and data. */
export function errorBody({ type = defaultErrorType, body }: ErrorTemplate, facts: ErrorFacts): string {
	const { code, message, reason } = facts;
	const known = { code, message, reason, data: jsonOf(facts.data) };
	return body === undefined ? JSON.stringify(known) : fillBody(type, body, known);
}
