import { jsonOf } from "../errors/details.ts";
import type { ServiceError } from "../errors/service-error.ts";
import { httpStatus } from "../transport/connect/status.ts";
import type { ErrorTemplate, ErrorTemplates } from "./route.ts";

/** The answer to a request, but for its own headers. */
export interface RouteReply {
	readonly status: number;
	/** By name in lower case; `content-type` among them when there is a body. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

/** What an error template knows of the error. */
export type ErrorFacts = Pick<ServiceError, "code" | "reason" | "message">;

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
	const template = errorTemplate(templates, error.reason);
	if (template === undefined) {
		const { code, message, reason, data } = error;
		const body = JSON.stringify({ code, message, reason, data: jsonOf(data) });
		return {
			status: status ?? httpStatus(code),
			headers: { "content-type": "application/json" },
			body,
		};
	}
	const own = error.reason !== undefined && Object.hasOwn(templates, error.reason);
	const usual = template.status ?? httpStatus(error.code);
	return {
		status: own ? (template.status ?? status ?? usual) : (status ?? usual),
		// A browser that took plain text for a page would run what the text quotes.
		headers: { "content-type": template.type, "x-content-type-options": "nosniff" },
		body: fillErrorBody(template, error),
	};
}

/** The body of a template, filled. */
export function fillErrorBody({ type, body }: ErrorTemplate, error: ErrorFacts): string {
	const escaped = escapeFor(type);
	return body.replace(/\{(message|reason|code)\}/g, (_, name: keyof ErrorFacts) =>
		escaped(error[name] ?? ""),
	);
}

/** Whether a content type is one of JSON. */
export function isJsonType(type: string): boolean {
	return /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(type);
}

function escapeFor(type: string): (text: string) => string {
	if (isJsonType(type)) return (text) => JSON.stringify(text).slice(1, -1);
	if (/^[^;]*(?:html|xml)/i.test(type)) return escapeMarkup;
	return (text) => text;
}

const entities: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
};

function escapeMarkup(text: string): string {
	return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
