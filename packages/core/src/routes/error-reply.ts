import type { ErrorTemplate, ErrorTemplates } from "../contract/route.ts";
import { jsonOf } from "../errors/details.ts";
import type { ServiceError } from "../errors/service-error.ts";
import { httpStatus } from "./status.ts";
import { type ErrorFacts, fillBody } from "./template-body.ts";

/** The answer to a request, but for its own headers. */
export interface RouteReply {
	readonly status: number;
	/** By name in lower case; `content-type` among them when there is a body. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

/** The content type of errors whose template says none. */
export const defaultErrorType = "application/json";

/** Stands for all reasons that have no template of their own. */
export const otherErrors = "*";

/** The template of an error: that of its reason, else `*`. */
export function errorTemplate(
	templates: ErrorTemplates,
	reason: string | undefined,
): ErrorTemplate | undefined {
	if (reason !== undefined && Object.hasOwn(templates, reason)) return templates[reason];
	return Object.hasOwn(templates, otherErrors) ? templates[otherErrors] : undefined;
}

/**
 * Answers an error by its template; without one with JSON that says code, message, reason and data.
 *
 * @param status what HTTP itself wants to be answered, such as 415; a template of that very reason may change it.
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
			// A browser that took plain text for a page would run what the text quotes.
			...(found !== undefined && { "x-content-type-options": "nosniff" }),
		},
		body: errorBody(template, error),
	};
}

/** The body of an error as a template says it; without one JSON that says code, message, reason and data. */
export function errorBody({ type = defaultErrorType, body }: ErrorTemplate, facts: ErrorFacts): string {
	const { code, message, reason } = facts;
	const known = { code, message, reason, data: jsonOf(facts.data) };
	return body === undefined ? JSON.stringify(known) : fillBody(type, body, known);
}
